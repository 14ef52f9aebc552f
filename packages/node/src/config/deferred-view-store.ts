import type { Context } from "@allium/core";
import type {
	Sql,
	SqlRow,
	SqlValue,
	ViewBuild,
	ViewBuildId,
	ViewDefinition,
	ViewReport,
	ViewStore,
	ViewStoreFeatures,
	ViewVersionId,
} from "@allium/core/store";
import type { Opening } from "./opening.ts";

/** A view store that is opened when it is first needed. */
export class DeferredViewStore implements ViewStore {
	readonly #opening: Opening<ViewStore>;

	constructor(opening: Opening<ViewStore>) {
		this.#opening = opening;
	}

	/** Known once it is open. */
	get location(): string | undefined {
		return this.#opening.port?.location;
	}

	async features(ctx: Context): Promise<ViewStoreFeatures> {
		return (await this.#opening.opened()).features(ctx);
	}

	async open(definition: ViewDefinition, ctx: Context): Promise<ViewReport> {
		return (await this.#opening.opened()).open(definition, ctx);
	}

	async report(id: ViewVersionId, ctx: Context): Promise<ViewReport | undefined> {
		return (await this.#opening.opened()).report(id, ctx);
	}

	async versions(ctx: Context): Promise<readonly ViewReport[]> {
		return (await this.#opening.opened()).versions(ctx);
	}

	async rebuild(id: ViewVersionId, ctx: Context): Promise<number> {
		return (await this.#opening.opened()).rebuild(id, ctx);
	}

	async switch(id: ViewBuildId, ctx: Context): Promise<void> {
		await (await this.#opening.opened()).switch(id, ctx);
	}

	async drop(id: ViewVersionId & { readonly build?: number }, ctx: Context): Promise<boolean> {
		return (await this.#opening.opened()).drop(id, ctx);
	}

	async changed(id: ViewVersionId, ctx: Context): Promise<void> {
		await (await this.#opening.opened()).changed(id, ctx);
	}

	build(id: ViewBuildId): ViewBuild {
		const opened = this.#opening.port;
		return opened === undefined ? deferredBuild(id, this.#opening) : opened.build(id);
	}

	close(): Promise<void> {
		return this.#opening.close();
	}
}

function deferredBuild(id: ViewBuildId, opening: Opening<ViewStore>): ViewBuild {
	const build = async (): Promise<ViewBuild> => (await opening.opened()).build(id);
	return {
		claim: async (member, seenEpoch, ctx) => (await build()).claim(member, seenEpoch, ctx),
		renew: async (lease, trouble, ctx) => (await build()).renew(lease, trouble, ctx),
		release: async (lease, ctx) => (await build()).release(lease, ctx),
		apply: async (lease, work, ctx) => (await build()).apply(lease, work, ctx),
		finish: async (lease, ctx) => (await build()).finish(lease, ctx),
		get: async (keys, ctx) => (await build()).get(keys, ctx),
		find: async (query, ctx) => (await build()).find(query, ctx),
		query:
			(ctx): Sql =>
			async <Row extends SqlRow>(text: TemplateStringsArray, ...values: readonly SqlValue[]) =>
				(await build()).query(ctx)<Row>(text, ...values),
		parked: async (page, ctx) => (await build()).parked(page, ctx),
		parkedOf: async (keys, ctx) => (await build()).parkedOf(keys, ctx),
		retry: async (keys, ctx) => (await build()).retry(keys, ctx),
	};
}

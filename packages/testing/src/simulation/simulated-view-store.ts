import { Context } from "@allium/core";
import type { Slice } from "@allium/core/event";
import {
	type DocumentQuery,
	noSql,
	type ParkedKey,
	type Sql,
	type StoredDocument,
	type ViewBuild,
	type ViewBuildId,
	type ViewChange,
	type ViewDefinition,
	type ViewLease,
	type ViewReport,
	type ViewStore,
	type ViewStoreFeatures,
	type ViewTransaction,
	type ViewVersionId,
} from "@allium/core/store";
import type { BackendChannel } from "./backend-channel.ts";
import { type RequestKind, untilTold } from "./backend-server.ts";

/** The store does not know how long its clients wait. */
const background = Context.background();

/** A node's access to the simulated views. They are documents: there is no SQL. */
export class SimulatedViewStore implements ViewStore {
	readonly location: string;
	readonly #channel: BackendChannel;

	constructor(channel: BackendChannel) {
		this.location = channel.location;
		this.#channel = channel;
	}

	features(ctx: Context): Promise<ViewStoreFeatures> {
		return this.#ask("read", "features", ctx, (views) => views.features(background));
	}

	open(definition: ViewDefinition, ctx: Context): Promise<ViewReport> {
		return this.#ask("write", `open ${definition.name}`, ctx, (views) => views.open(definition, background));
	}

	report(id: ViewVersionId, ctx: Context): Promise<ViewReport | undefined> {
		return this.#ask("read", `report of ${id.name}`, ctx, (views) => views.report(id, background));
	}

	versions(ctx: Context): Promise<readonly ViewReport[]> {
		return this.#ask("read", "versions", ctx, (views) => views.versions(background));
	}

	rebuild(id: ViewVersionId, ctx: Context): Promise<number> {
		return this.#ask("write", `rebuild ${id.name}`, ctx, (views) => views.rebuild(id, background));
	}

	switch(id: ViewBuildId, ctx: Context): Promise<void> {
		return this.#ask("write", `switch ${id.name}`, ctx, (views) => views.switch(id, background));
	}

	drop(id: ViewVersionId & { readonly build?: number }, ctx: Context): Promise<boolean> {
		return this.#ask("write", `drop ${id.name}`, ctx, (views) => views.drop(id, background));
	}

	build(id: ViewBuildId): ViewBuild {
		return new SimulatedViewBuild(id, this.#channel);
	}

	changed(id: ViewVersionId, ctx: Context): Promise<void> {
		return this.#ask("read", `wait for ${id.name}`, ctx, (views) =>
			untilTold((waiting) => views.changed(id, waiting)),
		);
	}

	/** Nothing is open, because each request has its own connection. */
	async close(): Promise<void> {}

	#ask<Answer>(
		kind: RequestKind,
		name: string,
		ctx: Context,
		run: (views: ViewStore) => Promise<Answer>,
	): Promise<Answer> {
		return this.#channel.ask({ name: `${name} of the views`, kind }, ctx, ({ views }) => run(views));
	}
}

class SimulatedViewBuild implements ViewBuild {
	readonly #id: ViewBuildId;
	readonly #channel: BackendChannel;

	constructor(id: ViewBuildId, channel: BackendChannel) {
		this.#id = id;
		this.#channel = channel;
	}

	claim(member: string, seenEpoch: number, ctx: Context): Promise<ViewLease | undefined> {
		return this.#ask("write", "claim", ctx, (build) => build.claim(member, seenEpoch, background));
	}

	renew(lease: ViewLease, trouble: string | undefined, ctx: Context): Promise<void> {
		return this.#ask("write", "renew", ctx, (build) => build.renew(lease, trouble, background));
	}

	release(lease: ViewLease, ctx: Context): Promise<void> {
		return this.#ask("write", "release", ctx, (build) => build.release(lease, background));
	}

	/** The work runs in the process that asks, and the store saves its result. */
	async apply(
		lease: ViewLease,
		work: (tx: ViewTransaction) => Promise<ViewChange>,
		ctx: Context,
	): Promise<void> {
		const sql: Sql = async () => {
			throw noSql(this.#channel.location);
		};
		const change = await work({ sql, settled: async () => {} });
		await this.#ask("save", "apply", ctx, (build) => build.apply(lease, async () => change, background));
	}

	finish(lease: ViewLease, ctx: Context): Promise<void> {
		return this.#ask("write", "finish", ctx, (build) => build.finish(lease, background));
	}

	get(keys: readonly string[], ctx: Context): Promise<ReadonlyMap<string, string>> {
		return this.#ask("read", "get", ctx, (build) => build.get(keys, background));
	}

	find(query: DocumentQuery, ctx: Context): Promise<Slice<StoredDocument>> {
		return this.#ask("read", "find", ctx, (build) => build.find(query, background));
	}

	query(_ctx: Context): Sql {
		return async () => {
			throw noSql(this.#channel.location);
		};
	}

	parked(page: { readonly after?: string; readonly limit: number }, ctx: Context): Promise<Slice<ParkedKey>> {
		return this.#ask("read", "parked", ctx, (build) => build.parked(page, background));
	}

	parkedOf(keys: readonly string[], ctx: Context): Promise<readonly ParkedKey[]> {
		return this.#ask("read", "parked", ctx, (build) => build.parkedOf(keys, background));
	}

	retry(keys: readonly string[] | "all", ctx: Context): Promise<number> {
		return this.#ask("write", "retry", ctx, (build) => build.retry(keys, background));
	}

	#ask<Answer>(
		kind: RequestKind,
		name: string,
		ctx: Context,
		run: (build: ViewBuild) => Promise<Answer>,
	): Promise<Answer> {
		const { name: view, version, build } = this.#id;
		const request = { name: `${name} ${view}.${version} build ${build}`, kind };
		return this.#channel.ask(request, ctx, ({ views }) => run(views.build(this.#id)));
	}
}

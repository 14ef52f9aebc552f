import type { Context } from "../context/context.ts";
import type { Slice } from "../event/group-state.ts";
import { MemoryHandle } from "../event/memory-handle.ts";
import { Waiters } from "../event/waiters.ts";
import { after } from "../time/timer.ts";
import type { Sql } from "./event-store.ts";
import { MemoryViewBuild } from "./memory-view-build.ts";
import {
	checkDefinition,
	checkViewName,
	noSql,
	noSuchView,
	notBuilt,
	tellsMore,
	viewLeaseLost,
} from "./view-errors.ts";
import type {
	DocumentQuery,
	ParkedKey,
	StoredDocument,
	ViewBuild,
	ViewBuildId,
	ViewChange,
	ViewDefinition,
	ViewLease,
	ViewReport,
	ViewStore,
	ViewStoreFeatures,
	ViewTransaction,
	ViewVersionId,
} from "./view-store.ts";

/** How views are kept in memory. */
export interface MemoryViewStoreOptions {
	/** The views. Stores that are given the same object see each other's. Default: a new one. */
	readonly views?: MemoryViews;
}

interface MemoryVersion {
	definition: ViewDefinition;
	builds: readonly MemoryViewBuild[];
}

/** The views that several stores in memory share, as processes share a backend. */
export class MemoryViews {
	/** @internal */
	readonly "~versions": Map<string, MemoryVersion> = new Map();
	/** @internal */
	readonly "~waiters": Waiters = new Waiters();
	#count = 0;

	/** @internal Grows over all views: a lease on a dropped build stays void. */
	"~next"(): number {
		return ++this.#count;
	}
}

/** Views within one process, for tests and for applications of a single process. It keeps documents alone. */
export function memoryViewStore(options: MemoryViewStoreOptions = {}): ViewStore {
	return new MemoryViewStore(options.views ?? new MemoryViews());
}

const location = "memory:";
const lateMs = 200;

class MemoryViewStore implements ViewStore {
	readonly location: string = location;
	readonly #views: MemoryViews;
	readonly #handle = new MemoryHandle("the view store");

	constructor(views: MemoryViews) {
		this.#views = views;
	}

	async features(ctx: Context): Promise<ViewStoreFeatures> {
		this.#handle.check(ctx);
		return { sql: undefined };
	}

	async open(definition: ViewDefinition, ctx: Context): Promise<ViewReport> {
		this.#handle.check(ctx);
		checkViewName(definition);
		if (definition.tables !== undefined) throw noSql(location);
		const versions = this.#views["~versions"];
		const known = versions.get(idOf(definition));
		if (known !== undefined) checkDefinition(definition, known.definition);
		const version = known ?? { definition, builds: [] };
		if (tellsMore(definition, version.definition)) version.definition = definition;
		if (version.builds.length === 0) version.builds = [this.#newBuild(1)];
		versions.set(idOf(definition), version);
		return reportOf(version);
	}

	async report(id: ViewVersionId, ctx: Context): Promise<ViewReport | undefined> {
		this.#handle.check(ctx);
		const version = this.#views["~versions"].get(idOf(id));
		return version === undefined ? undefined : reportOf(version);
	}

	async versions(ctx: Context): Promise<readonly ViewReport[]> {
		this.#handle.check(ctx);
		return Array.from(this.#views["~versions"].values(), reportOf).sort(byName);
	}

	async rebuild(id: ViewVersionId, ctx: Context): Promise<number> {
		this.#handle.check(ctx);
		const version = this.#need(id);
		const live = liveOf(version)?.build ?? 0;
		const begun = version.builds.find(({ build, liveSince }) => build > live && liveSince === 0);
		if (begun !== undefined) return begun.build;
		const next = this.#newBuild(Math.max(0, ...version.builds.map(({ build }) => build)) + 1);
		version.builds = [...version.builds.filter(({ build }) => build >= live), next];
		this.#views["~waiters"].wake();
		return next.build;
	}

	async switch(id: ViewBuildId, ctx: Context): Promise<void> {
		this.#handle.check(ctx);
		const build = this.#need(id).builds.find(({ build }) => build === id.build);
		if (build === undefined) throw noSuchView(id);
		if (build.liveSince === 0) throw notBuilt(id);
		build.liveSince = this.#views["~next"]();
		this.#views["~waiters"].wake();
	}

	async drop(id: ViewVersionId & { readonly build?: number }, ctx: Context): Promise<boolean> {
		this.#handle.check(ctx);
		const version = this.#views["~versions"].get(idOf(id));
		if (version === undefined) return false;
		const left = version.builds.filter(({ build }) => id.build !== undefined && build !== id.build);
		const isFound = left.length < version.builds.length;
		version.builds = left;
		if (left.length === 0) this.#views["~versions"].delete(idOf(id));
		this.#views["~waiters"].wake();
		return isFound;
	}

	build(id: ViewBuildId): ViewBuild {
		return new MemoryBuildHandle(id, this.#views, this.#handle);
	}

	async changed(_id: ViewVersionId, ctx: Context): Promise<void> {
		this.#handle.check(ctx);
		const waiters = this.#views["~waiters"];
		// A change just before this call is reported late instead of never.
		const timer = after(lateMs, () => waiters.wake());
		try {
			await this.#handle.whileOpen(ctx, (open) => waiters.wait(open));
		} finally {
			timer.stop();
		}
	}

	async close(): Promise<void> {
		this.#handle.close();
	}

	#need(id: ViewVersionId): MemoryVersion {
		const version = this.#views["~versions"].get(idOf(id));
		if (version !== undefined) return version;
		throw noSuchView({ name: id.name, version: id.version });
	}

	#newBuild(build: number): MemoryViewBuild {
		return new MemoryViewBuild(build, () => this.#views["~next"]());
	}
}

class MemoryBuildHandle implements ViewBuild {
	readonly #id: ViewBuildId;
	readonly #views: MemoryViews;
	readonly #handle: MemoryHandle;

	constructor(id: ViewBuildId, views: MemoryViews, handle: MemoryHandle) {
		this.#id = id;
		this.#views = views;
		this.#handle = handle;
	}

	async claim(member: string, seenEpoch: number, ctx: Context): Promise<ViewLease | undefined> {
		this.#handle.check(ctx);
		const lease = this.#build?.claim(member, seenEpoch);
		if (lease !== undefined) this.#views["~waiters"].wake();
		return lease;
	}

	async renew(lease: ViewLease, trouble: string | undefined, ctx: Context): Promise<void> {
		this.#handle.check(ctx);
		this.#held(lease).renew(trouble);
	}

	async release(lease: ViewLease, ctx: Context): Promise<void> {
		this.#handle.check(ctx);
		const build = this.#build;
		if (build?.isHeldBy(lease) !== true) return;
		build.release();
		this.#views["~waiters"].wake();
	}

	async apply(
		lease: ViewLease,
		work: (tx: ViewTransaction) => Promise<ViewChange>,
		ctx: Context,
	): Promise<void> {
		this.#handle.check(ctx);
		this.#held(lease);
		const change = await work({ sql: refuseSql, settled: async () => {} });
		this.#handle.check(ctx);
		this.#held(lease).apply(change);
		this.#views["~waiters"].wake();
	}

	async finish(lease: ViewLease, ctx: Context): Promise<void> {
		this.#handle.check(ctx);
		this.#held(lease).liveSince = this.#views["~next"]();
		this.#views["~waiters"].wake();
	}

	async get(keys: readonly string[], ctx: Context): Promise<ReadonlyMap<string, string>> {
		return this.#need(ctx).get(keys);
	}

	async find(query: DocumentQuery, ctx: Context): Promise<Slice<StoredDocument>> {
		return this.#need(ctx).find(query);
	}

	query(_ctx: Context): Sql {
		return refuseSql;
	}

	async parked(
		page: { readonly after?: string; readonly limit: number },
		ctx: Context,
	): Promise<Slice<ParkedKey>> {
		return this.#need(ctx).parked(page);
	}

	async parkedOf(keys: readonly string[], ctx: Context): Promise<readonly ParkedKey[]> {
		return this.#need(ctx).parkedOf(keys);
	}

	async retry(keys: readonly string[] | "all", ctx: Context): Promise<number> {
		const count = this.#need(ctx).retry(keys);
		this.#views["~waiters"].wake();
		return count;
	}

	get #build(): MemoryViewBuild | undefined {
		const version = this.#views["~versions"].get(idOf(this.#id));
		return version?.builds.find(({ build }) => build === this.#id.build);
	}

	#need(ctx: Context): MemoryViewBuild {
		this.#handle.check(ctx);
		const build = this.#build;
		if (build === undefined) throw noSuchView(this.#id);
		return build;
	}

	#held(lease: ViewLease): MemoryViewBuild {
		const build = this.#build;
		if (build?.isHeldBy(lease) !== true) throw viewLeaseLost(this.#id);
		return build;
	}
}

const refuseSql: Sql = async () => {
	throw noSql(location);
};

function idOf({ name, version }: ViewVersionId): string {
	return `${name}.${version}`;
}

function reportOf(version: MemoryVersion): ViewReport {
	const { name, version: number, owner, topics = [] } = version.definition;
	return {
		name,
		version: number,
		kind: "documents",
		owner,
		topics,
		live: liveOf(version)?.build,
		builds: version.builds.map((build) => build.report()),
	};
}

/** The build that was made live last. */
function liveOf({ builds }: MemoryVersion): MemoryViewBuild | undefined {
	const built = builds.filter(({ liveSince }) => liveSince > 0);
	return built.sort((one, other) => other.liveSince - one.liveSince)[0];
}

function byName(one: ViewVersionId, other: ViewVersionId): number {
	if (one.name === other.name) return one.version - other.version;
	return one.name < other.name ? -1 : 1;
}

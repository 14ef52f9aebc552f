import { type Context, ServiceError } from "@allium/core";
import type { Cursor, TopicLog } from "@allium/core/event";
import {
	noSql,
	type Sql,
	type SqlRow,
	type SqlValue,
	type ViewBuild,
	type ViewBuildReport,
	type ViewPlaces,
	type ViewReport,
	type ViewVersionId,
} from "@allium/core/store";
import { positionsOf } from "../position/after.ts";
import { checkLog } from "../position/position.ts";
import type { ReachedPosition } from "./reached-position.ts";
import type { ViewHost } from "./view.ts";

/** How long a read waits for a view that is not built yet, in milliseconds. */
const patienceMs = 10_000;
/** For how long it is taken for granted which build is read, in milliseconds. */
const knownMs = 500;

/** Reads a version of a view: its live build, without going back in time when another becomes live. */
export class ViewReading {
	readonly #id: ViewVersionId;
	readonly #topics: readonly string[];
	readonly #host: ViewHost;
	#current: number | undefined;
	#lookedAt = Number.NEGATIVE_INFINITY;

	constructor(id: ViewVersionId, topics: readonly string[], host: ViewHost) {
		this.#id = id;
		this.#topics = topics;
		this.#host = host;
	}

	/** The build to read, once the view is built and has what `after` asks for. */
	async build(ctx: Context): Promise<ViewBuild> {
		const build = await this.#live(ctx);
		for (const position of positionsOf(ctx)) await this.reached(position, ctx);
		return build;
	}

	/** Runs SQL on it. */
	sql(ctx: Context): Sql {
		return async <Row extends SqlRow>(text: TemplateStringsArray, ...values: readonly SqlValue[]) => {
			const { store } = this.#host;
			if ((await store.features(ctx)).sql === undefined) throw noSql(store.location ?? "here");
			return (await this.build(ctx)).query(ctx)<Row>(text, ...values);
		};
	}

	/** Resolves when the view has the event at a position, and its document takes it. */
	async reached(position: ReachedPosition, ctx: Context): Promise<void> {
		const { topic: name, lane, id, key, log, cursor: known } = position;
		if (!this.#topics.includes(name)) return;
		const { topic, identity } = await this.#host.open(name, ctx);
		if (log !== undefined) checkLog({ log, topic: name, lane, id }, identity ?? "of its broker", this.#what);
		const cursor = known ?? (await topic.place({ id, lane, cursor: undefined, duplicate: false }, ctx));
		const build = await this.#live(ctx);
		await this.#passed(topic, lane, cursor, ctx);
		if (key === undefined) return;
		const [parked] = await build.parkedOf([key], ctx);
		if (parked !== undefined) throw this.#parked(key, parked.error.message);
	}

	/** Waits until the build that is read has passed a place. An event that the log does not have will never come. */
	async #passed(topic: TopicLog, lane: number, cursor: Cursor, ctx: Context): Promise<void> {
		const hasPassed = async (): Promise<boolean> =>
			((await this.#places(ctx)).get(topic.topic)?.get(lane) ?? "") >= cursor;
		if (lane < topic.lanes && (await hasPassed())) return;
		const isThere = lane < topic.lanes && (await topic.diverged(new Map([[lane, cursor]]), ctx)).length === 0;
		if (!isThere) throw this.#noSuchPosition(topic.topic);
		const { ctx: waiting, cancel } = ctx.withCancel();
		try {
			for (;;) {
				const changed = this.#host.store.changed(this.#id, waiting);
				changed.catch(() => {});
				if (await hasPassed()) return;
				await changed;
			}
		} finally {
			cancel();
		}
	}

	async #places(ctx: Context): Promise<ViewPlaces> {
		const report = await this.#host.store.report(this.#id, ctx);
		return report?.builds.find(({ build }) => build === this.#current)?.places ?? new Map();
	}

	async #live(ctx: Context): Promise<ViewBuild> {
		if (this.#current === undefined || performance.now() - this.#lookedAt >= knownMs) await this.#look(ctx);
		return this.#host.store.build({ ...this.#id, build: this.#current ?? 1 });
	}

	/** Finds the build that is live. Waits while there is none. */
	async #look(ctx: Context): Promise<void> {
		const { store } = this.#host;
		const bounded = ctx.withTimeout(patienceMs);
		for (;;) {
			const report = await store.report(this.#id, ctx);
			if (report?.live !== undefined) return this.#use(report, report.live);
			// A build that was deleted is built again.
			this.#current = undefined;
			try {
				await store.changed(this.#id, bounded);
			} catch (error) {
				if (bounded.error === undefined) throw error;
				throw this.#notBuilt(report);
			}
		}
	}

	/** Readers change over once the new build has all that they may have seen in the old one. */
	#use({ builds }: ViewReport, live: number): void {
		const [before, now] = [this.#current, live].map((number) => builds.find(({ build }) => build === number));
		if (before !== undefined && now !== undefined && !hasAllOf(now, before)) return;
		this.#current = live;
		this.#lookedAt = performance.now();
	}

	get #what(): string {
		return `version ${this.#id.version} of the view ${this.#id.name}`;
	}

	#notBuilt(report: ViewReport | undefined): ServiceError {
		const held = report?.builds.some(({ holder }) => holder !== undefined) ?? false;
		const where = this.#host.store.location ?? "here";
		return new ServiceError({
			code: "unavailable",
			reason: "view_not_built",
			message: held
				? `${this.#what} is being built: "allium views" shows how far it is`
				: `${this.#what} is not built in ${where}, and no process builds it; start the app that projects it`,
		});
	}

	#noSuchPosition(topic: string): ServiceError {
		return new ServiceError({
			code: "failed_precondition",
			reason: "no_such_position",
			message: `${this.#what} was asked to wait for a position that the topic ${topic} does not have: no reply told it, or the log was restored from a backup since`,
		});
	}

	#parked(key: string, why: string): ServiceError {
		return new ServiceError({
			code: "failed_precondition",
			reason: "parked",
			message: `the document ${JSON.stringify(key)} of ${this.#what} does not take its events: ${why}; "allium views show" tells more`,
		});
	}
}

function hasAllOf(now: ViewBuildReport, before: ViewBuildReport): boolean {
	for (const [topic, cursors] of before.places) {
		for (const [lane, cursor] of cursors) if ((now.places.get(topic)?.get(lane) ?? "") < cursor) return false;
	}
	return true;
}

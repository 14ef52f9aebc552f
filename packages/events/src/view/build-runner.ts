import { type Context, errorText, type Logger, ServiceError } from "@allium/core";
import type { Cursor } from "@allium/core/event";
import type { ViewBuild, ViewBuildId, ViewLease, ViewPlaces, ViewStore } from "@allium/core/store";
import { Backoff, sleep } from "@allium/core/transport";
import { LoopTurn } from "./loop-turn.ts";
import { MergedFeed } from "./merged-feed.ts";
import type { ViewHost, ViewLog } from "./view.ts";
import { HolderWatch, isLeaseLost, ViewLeaseKeeper } from "./view-lease-keeper.ts";
import { isUnknownVersion, later, type ViewBatch, type ViewWork } from "./view-work.ts";

/** Options of {@link BuildRunner}. */
export interface BuildRunnerOptions {
	readonly id: ViewBuildId;
	readonly host: ViewHost;
	readonly topics: readonly string[];
	readonly member: string;
	readonly dialect: "sqlite" | "postgres" | undefined;
	readonly batch: (work: ViewWork) => ViewBatch;
	/** Ends when the build may not be worked on any more. */
	readonly ctx: Context;
}

/** A page is a transaction, or a few: its begin, its end and its places cost less an event if it has more events. */
const page = { events: 1024, bytes: 1024 * 1024 };
export const defaultViewTtlMs = 5_000;
/** How often a view is left to another process, at an event that this one does not know, in milliseconds. */
const leavesEveryMs = 60_000;

/** Works on one build whenever this process holds it. */
export class BuildRunner {
	readonly #options: BuildRunnerOptions;
	readonly #store: ViewStore;
	readonly #build: ViewBuild;
	readonly #logger: Logger;
	readonly #ttlMs: number;
	readonly #backoff = new Backoff({ firstMs: 100, longestMs: 5_000 });
	readonly #turn = new LoopTurn();
	#leftAt = Number.NEGATIVE_INFINITY;
	/** Why this process does not go on with it. */
	trouble: string | undefined;

	constructor(options: BuildRunnerOptions) {
		const { id, host } = options;
		this.#options = options;
		this.#store = host.store;
		this.#build = host.store.build(id);
		this.#logger = host.logger;
		this.#ttlMs = host.ttlMs ?? defaultViewTtlMs;
	}

	/** Works until the context ends. Never rejects. */
	async run(): Promise<void> {
		const { ctx } = this.#options;
		while (ctx.error === undefined) {
			try {
				await this.#hold();
				this.#backoff.reset();
			} catch (error) {
				if (ctx.error !== undefined) return;
				if (isLeaseLost(error)) continue;
				this.#setTrouble(errorText(error), error);
				// Others look every quarter of that time whether they may claim it.
				const waitMs = isUnknownVersion(error) ? this.#ttlMs : this.#backoff.next();
				await sleep(waitMs, ctx).catch(() => {});
			}
		}
	}

	async #hold(): Promise<void> {
		const { ctx, member, id } = this.#options;
		const epoch = await this.#free();
		if (epoch === undefined) return;
		const claimedAt = performance.now();
		const lease = await this.#build.claim(member, epoch, ctx);
		if (lease === undefined) return;
		const keeper = new ViewLeaseKeeper(this.#build, lease, this.#ttlMs, claimedAt, ctx);
		this.#logger.log("debug", "this process works on a view", { ...id, epoch: lease.epoch });
		try {
			await this.#work(lease, keeper);
		} catch (error) {
			if (keeper.ctx.error === undefined && !isLeaseLost(error)) {
				await keeper.tell(errorText(error)).catch(() => {});
				throw error;
			}
		} finally {
			keeper.stop();
			await this.#build.release(lease, ctx.withoutCancel().withTimeout(this.#ttlMs / 2)).catch(() => {});
		}
	}

	/** Waits until the build may be claimed. Returns its epoch; undefined when it is gone. */
	async #free(): Promise<number | undefined> {
		const { ctx, id } = this.#options;
		const watch = new HolderWatch(this.#ttlMs);
		for (;;) {
			const report = await this.#store.report(id, ctx);
			const build = report?.builds.find(({ build }) => build === id.build);
			if (build === undefined) {
				await sleep(this.#ttlMs / 4, ctx);
				return undefined;
			}
			if (watch.isFree(build)) return build.epoch;
			this.trouble = undefined;
			await sleep(this.#ttlMs / 4, ctx);
		}
	}

	async #work(lease: ViewLease, keeper: ViewLeaseKeeper): Promise<void> {
		const { host, topics, id, dialect } = this.#options;
		const { ctx } = keeper;
		const logs = new Map<string, ViewLog>();
		for (const topic of topics) logs.set(topic, await host.open(topic, ctx));
		const places = await this.#begin(lease.places, logs, ctx);
		const view = `${id.name}.${id.version}`;
		const batch = this.#options.batch({
			view,
			build: this.#build,
			lease: { ...lease, places },
			logs,
			dialect,
			logger: this.#logger,
			ctx,
			turn: this.#turn,
			mayLeave: () => this.#mayLeave(),
			onApplied: (sentAt) => keeper.renewed(sentAt),
			onTrouble: async (trouble) => {
				this.trouble = trouble;
				await keeper.tell(trouble);
			},
		});
		await keeper.tell(undefined);
		this.#setTrouble(undefined);
		await batch.retryUnknown();
		const feed = new MergedFeed(logs, places, page, lostEvents);
		await this.#follow(lease, feed, batch, ctx);
	}

	async #follow(lease: ViewLease, feed: MergedFeed, batch: ViewBatch, ctx: Context): Promise<void> {
		let isBuilt = false;
		for (;;) {
			const { events, places, isAll } = await feed.next(ctx);
			await this.#turn.give();
			if (events.length > 0) await batch.take(events, places);
			if (isAll && !isBuilt) isBuilt = await this.#finish(lease, ctx);
			if (events.length > 0) await this.#turn.give();
			else await this.#news(feed, batch, ctx);
			if (ctx.error !== undefined) throw ctx.error;
		}
	}

	/** Waits for events, or for the request of an operator. */
	async #news(feed: MergedFeed, batch: ViewBatch, ctx: Context): Promise<void> {
		const { id } = this.#options;
		const { ctx: waiting, cancel } = ctx.withTimeout(this.#ttlMs / 4).withCancel();
		const waits = [feed.changed(waiting), this.#store.changed(id, waiting)];
		try {
			await Promise.race(waits);
		} catch {
			if (ctx.error !== undefined) throw ctx.error;
		} finally {
			cancel();
			for (const wait of waits) wait.catch(() => {});
		}
		const report = await this.#store.report(id, ctx);
		if (report?.builds.find(({ build }) => build === id.build)?.isDue === true) await batch.retry();
	}

	/** Makes the build the one that is read, unless it has been that. */
	async #finish(lease: ViewLease, ctx: Context): Promise<boolean> {
		const { id } = this.#options;
		const report = await this.#store.report(id, ctx);
		const known = report?.builds.find(({ build }) => build === id.build);
		if (known?.isBuilt === true) return true;
		await this.#build.finish(lease, ctx);
		this.#logger.log("info", "a view is built, and read from now on", { ...id });
		return true;
	}

	/** The places at which it begins: its saved places, and the beginnings of topics and lanes that it has not seen. */
	async #begin(known: ViewPlaces, logs: ReadonlyMap<string, ViewLog>, ctx: Context): Promise<ViewPlaces> {
		const starts = new Map<string, ReadonlyMap<number, Cursor>>();
		for (const [name, { topic }] of logs) {
			const cursors = known.get(name) ?? new Map<number, Cursor>();
			const diverged = await topic.diverged(cursors, ctx);
			if (diverged.length > 0) throw otherLog(name);
			starts.set(name, await topic.at("start", ctx));
		}
		return later(starts, known);
	}

	#mayLeave(): boolean {
		const now = performance.now();
		if (now - this.#leftAt < leavesEveryMs) return false;
		this.#leftAt = now;
		return true;
	}

	#setTrouble(trouble: string | undefined, error?: unknown): void {
		if (trouble !== undefined && this.trouble !== trouble) {
			this.#logger.log("error", "a view does not go on; it is tried again", { ...this.#options.id, error });
		}
		this.trouble = trouble;
	}
}

function lostEvents(topic: string, lanes: readonly number[]): ServiceError {
	return new ServiceError({
		code: "data_loss",
		reason: "events_lost",
		message: `the topic ${topic} keeps events no longer that the view has not seen (lane ${lanes.join(", ")}); build it again: allium views rebuild`,
	});
}

function otherLog(topic: string): ServiceError {
	return new ServiceError({
		code: "failed_precondition",
		reason: "diverged",
		message:
			`the topic ${topic} has other events than those that the view has seen: it was restored from a backup, or is ` +
			"another log, where some processes of the app read the event store and others the broker; " +
			"build the view again once all read one log: allium views rebuild",
	});
}

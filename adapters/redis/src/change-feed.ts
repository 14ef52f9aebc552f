import type { ServerView, ViewSource } from "@allium/backend";
import { Context, toServiceError } from "@allium/core";
import { Backoff, sleep } from "@allium/core/transport";
import { type Change, type ChangePlace, placeId, readChanges, readPlace } from "./change-place.ts";
import { readInstances, readRecords } from "./instances.ts";
import type { RedisConnection } from "./redis-connection.ts";
import type { RedisServer } from "./redis-server.ts";
import type { RegistryKeys } from "./registry-keys.ts";
import { sweepScript } from "./scripts.ts";

/** The bound of the first delay before Redis is asked again after it failed, in milliseconds. */
const firstBackoffMs = 50;
/** How many changes are read at once. */
const mostChanges = 250;

const beginning: ChangePlace = { generation: "", revision: 0 };

/** Options of {@link ChangeFeed}. */
export interface ChangeFeedOptions {
	readonly server: RedisServer;
	readonly keys: RegistryKeys;
	/** The time to live of registrations, in milliseconds. */
	readonly ttlMs: number;
}

/**
 * Keeps a view equal to the instances in Redis: it reads all of them, and then the stream of changes. In between it
 * removes instances whose leases have run out, because Redis reports that only to clients that are connected at that
 * moment. Each answer is due soon, so a connection that falls silent is noticed within two thirds of the time to live.
 */
export class ChangeFeed implements ViewSource {
	readonly #shown: ServerView;
	readonly #options: ChangeFeedOptions;
	readonly #backoff: Backoff;
	/** The place up to which the view is true. */
	#place: ChangePlace = beginning;
	/** Changes up to this revision are known from a listing, whether the stream still has them or not. */
	#listed = 0;
	/** When the leases are looked through again, by `performance.now()`. */
	#sweepAt = 0;
	/** The callers that wait until the view has come to a revision. */
	#waiting: { readonly revision: number; resolve(): void }[] = [];
	#cancel: () => void = () => {};

	constructor(shown: ServerView, options: ChangeFeedOptions) {
		this.#shown = shown;
		this.#options = options;
		this.#backoff = new Backoff({ firstMs: firstBackoffMs, longestMs: options.ttlMs / 6 });
	}

	start(): void {
		this.#shown.start();
		this.#place = beginning;
		const { ctx, cancel } = Context.background().withCancel();
		this.#cancel = cancel;
		void this.#run(ctx);
	}

	stop(): void {
		this.#cancel();
		this.#release();
	}

	/**
	 * Resolves when the view shows a change, so that a process finds its own as soon as they are made; at once where it
	 * is not watched, or has lost the connection.
	 */
	async reached({ revision }: ChangePlace): Promise<void> {
		if (!this.#shown.view.ready || this.#shown.isLost || revision <= this.#place.revision) return;
		await new Promise<void>((resolve) => this.#waiting.push({ revision, resolve }));
	}

	async #run(ctx: Context): Promise<void> {
		while (ctx.error === undefined) {
			try {
				using connection = await this.#options.server.connect();
				const stop = (): void => connection.close();
				ctx.signal.addEventListener("abort", stop);
				try {
					await this.#follow(connection, ctx);
				} finally {
					ctx.signal.removeEventListener("abort", stop);
				}
			} catch (error) {
				if (ctx.error !== undefined) return;
				this.#shown.failed(toServiceError(error));
			}
			if (ctx.error !== undefined) return;
			this.#shown.lose();
			this.#release();
			await sleep(this.#backoff.next(), ctx).catch(() => {});
		}
	}

	/** Returns when changes were missed. */
	async #follow(connection: RedisConnection, ctx: Context): Promise<void> {
		await this.#list(connection, ctx);
		this.#backoff.reset();
		this.#sweepAt = 0;
		for (;;) {
			const swept = await this.#sweep(connection, ctx);
			const changes = await this.#read(connection, ctx);
			if (changes.length === 0 && swept !== undefined && !this.#isAt(swept)) return;
			if (!(await this.#take(changes, connection, ctx))) return;
		}
	}

	async #list(connection: RedisConnection, ctx: Context): Promise<void> {
		const { records, place } = await readInstances(connection, this.#options.keys, ctx);
		if (ctx.error !== undefined) throw ctx.error;
		const isLater = place.generation === this.#place.generation && place.revision >= this.#place.revision;
		// The changes since the last one say who has left meanwhile of its own accord.
		if (!isLater) this.#place = place;
		this.#listed = place.revision;
		this.#shown.show(records);
	}

	/** Removes instances that did not renew their leases. Undefined while nothing is due. */
	async #sweep(connection: RedisConnection, ctx: Context): Promise<ChangePlace | undefined> {
		if (performance.now() < this.#sweepAt) return undefined;
		const { keys, ttlMs } = this.#options;
		const answer = await connection.run(sweepScript, keys.all, [], ctx);
		const [, , next = -1] = Array.isArray(answer) ? answer : [];
		const nextMs = Number(next);
		this.#sweepAt = performance.now() + (nextMs < 0 ? ttlMs / 4 : Math.min(nextMs, ttlMs / 4));
		return readPlace(answer);
	}

	async #read(connection: RedisConnection, ctx: Context): Promise<Change[]> {
		const waitMs = Math.max(1, Math.ceil(this.#sweepAt - performance.now()));
		const from = [this.#options.keys.changes, placeId(this.#place)];
		const args = ["COUNT", mostChanges, "BLOCK", waitMs, "STREAMS", ...from];
		return readChanges(await connection.send("XREAD", args, ctx, waitMs));
	}

	/** Shows what became of the instances that have changed. False where changes were missed. */
	async #take(changes: readonly Change[], connection: RedisConnection, ctx: Context): Promise<boolean> {
		if (ctx.error !== undefined) return false;
		/** The instances, and whether each left of its own accord. */
		const changed = new Map<string, boolean>();
		let last = this.#place;
		for (const { place, key, isRelease } of changes) {
			if (!this.#isNext(place, last)) return false;
			last = place;
			changed.set(key, isRelease);
		}
		if (changed.size === 0) return true;
		const records = await readRecords(connection, this.#options.keys, [...changed.keys()], ctx);
		if (ctx.error !== undefined) return false;
		for (const [key, isRelease] of changed) {
			const record = records.get(key);
			if (record !== undefined) this.#shown.view.put(record);
			else this.#shown.view.delete(key, isRelease);
		}
		// Set once the view shows the change, because the parts that wait for a change watch the place.
		this.#place = last;
		this.#release(last.revision);
		return true;
	}

	#isNext({ generation, revision }: ChangePlace, last: ChangePlace): boolean {
		const isSame = generation === last.generation || last.generation === "";
		return isSame && revision <= Math.max(last.revision, this.#listed) + 1;
	}

	#isAt({ generation, revision }: ChangePlace): boolean {
		return generation === this.#place.generation && revision <= Math.max(this.#place.revision, this.#listed);
	}

	/** Ends the waiting for changes up to a revision, or for all. */
	#release(revision: number = Number.POSITIVE_INFINITY): void {
		for (const one of this.#waiting) if (one.revision <= revision) one.resolve();
		this.#waiting = this.#waiting.filter((one) => one.revision > revision);
	}
}

import type { Context } from "@allium/core";

/** An item that waits to be written together with others. */
interface Waiting<Item, Result> {
	readonly item: Item;
	readonly size: ItemSize;
	resolve(result: Result): void;
	fail(error: unknown): void;
}

/** The size of an item, which counts towards the bounds of a batch. */
export interface ItemSize {
	readonly events: number;
	readonly bytes: number;
}

/** How a {@link GroupCommit} works. */
export interface GroupCommitOptions<Item, Result> {
	/** The most of one batch, unless one item alone is more. */
	readonly batch: ItemSize;
	/** How many bytes may wait. */
	readonly mostWaitingBytes: number;
	/** The error for an item that comes when too much waits. */
	full(): Error;
	/** Writes items together. Returns the result of each, in the same order. */
	write(items: readonly Item[]): Promise<readonly Result[]>;
}

/** A batch of fewer items than these is not divided. */
const leastHalf = 32;

/**
 * Writes one batch at a time, in the order of the calls. Items that come meanwhile are written together by the next
 * one.
 *
 * The next batch goes out before the callers of the last one get their results, so that they prepare their next items
 * while the server writes. This takes two batches in turn: if many items come together, half of them wait for the
 * second batch.
 */
export class GroupCommit<Item, Result> {
	readonly #options: GroupCommitOptions<Item, Result>;
	readonly #waiting = new Set<Waiting<Item, Result>>();
	#waitingBytes = 0;
	#isRunning = false;

	constructor(options: GroupCommitOptions<Item, Result>) {
		this.#options = options;
	}

	/** An item whose context ends while it waits is not written; later, it may have been written all the same. */
	add(item: Item, size: ItemSize, ctx: Context): Promise<Result> {
		if (this.#waiting.size > 0 && this.#waitingBytes + size.bytes > this.#options.mostWaitingBytes) {
			return Promise.reject(this.#options.full());
		}
		return new Promise((resolve, reject) => {
			let unlisten: (() => void) | undefined;
			const waiting: Waiting<Item, Result> = {
				item,
				size,
				resolve: (result) => {
					unlisten?.();
					resolve(result);
				},
				fail: (error) => {
					unlisten?.();
					this.#leave(waiting);
					reject(error);
				},
			};
			this.#waiting.add(waiting);
			this.#waitingBytes += size.bytes;
			unlisten = ctx["~cancellation"].listen(waiting.fail);
			if (this.#isRunning) return;
			this.#isRunning = true;
			// The other calls of this turn are to be in the same batch.
			setImmediate(() => void this.#run());
		});
	}

	async #run(): Promise<void> {
		let most = Math.max(leastHalf, Math.ceil(this.#waiting.size / 2));
		let told: Promise<void> | undefined;
		while (this.#waiting.size > 0) {
			const batch = this.#take(most);
			const answer = await this.#written(batch);
			await told;
			if (this.#waiting.size === 0) answer();
			// The next batch is sent within this turn.
			else told = new Promise((resolve) => setImmediate(() => resolve(answer())));
			most = Number.POSITIVE_INFINITY;
		}
		this.#isRunning = false;
	}

	/** Writes a batch. Returns a function that gives the callers their results. */
	async #written(batch: readonly Waiting<Item, Result>[]): Promise<() => void> {
		try {
			const results = await this.#options.write(batch.map(({ item }) => item));
			return () => {
				for (const [index, result] of results.entries()) batch[index]?.resolve(result);
			};
		} catch (error) {
			return () => {
				for (const waiting of batch) waiting.fail(error);
			};
		}
	}

	/** @param most how many items. */
	#take(most: number): Waiting<Item, Result>[] {
		const { batch: bounds } = this.#options;
		const batch: Waiting<Item, Result>[] = [];
		let [events, bytes] = [0, 0];
		for (const waiting of this.#waiting) {
			events += waiting.size.events;
			bytes += waiting.size.bytes;
			const isOver = batch.length === most || events > bounds.events || bytes > bounds.bytes;
			if (batch.length > 0 && isOver) break;
			this.#leave(waiting);
			batch.push(waiting);
		}
		return batch;
	}

	#leave(waiting: Waiting<Item, Result>): void {
		if (this.#waiting.delete(waiting)) this.#waitingBytes -= waiting.size.bytes;
	}
}

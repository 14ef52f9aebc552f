import type { Context } from "@allium/core";

/** What waits to be written together with others. */
interface Waiting<Item, Result> {
	readonly item: Item;
	readonly size: ItemSize;
	resolve(result: Result): void;
	fail(error: unknown): void;
}

/** What of the bounds of a batch an item takes. */
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
	/** The error for what comes when too much waits. */
	full(): Error;
	/** Writes items together. Returns the result of each, in the same order. */
	write(items: readonly Item[]): Promise<readonly Result[]>;
}

/** Writes one batch at a time, in the order of the calls. What comes meanwhile is written together by the next one. */
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
		while (this.#waiting.size > 0) {
			const batch = this.#take();
			try {
				const results = await this.#options.write(batch.map(({ item }) => item));
				for (const [index, result] of results.entries()) batch[index]?.resolve(result);
			} catch (error) {
				for (const waiting of batch) waiting.fail(error);
			}
		}
		this.#isRunning = false;
	}

	#take(): Waiting<Item, Result>[] {
		const { batch: most } = this.#options;
		const batch: Waiting<Item, Result>[] = [];
		let [events, bytes] = [0, 0];
		for (const waiting of this.#waiting) {
			events += waiting.size.events;
			bytes += waiting.size.bytes;
			if (batch.length > 0 && (events > most.events || bytes > most.bytes)) break;
			this.#leave(waiting);
			batch.push(waiting);
		}
		return batch;
	}

	#leave(waiting: Waiting<Item, Result>): void {
		if (this.#waiting.delete(waiting)) this.#waitingBytes -= waiting.size.bytes;
	}
}

import type { Context } from "../context/context.ts";
import { onSettled } from "../context/on-settled.ts";
import type { Middleware } from "../endpoint/endpoint.ts";
import { ServiceError } from "../errors/service-error.ts";

/** How many calls {@link bulkhead} lets in. */
export interface BulkheadOptions {
	/** Calls at once. */
	readonly concurrency: number;
	/** Calls that may wait for their turn, while their context lasts. Default: 0. */
	readonly queue?: number;
}

/**
 * Bounds the number of concurrent calls, streams included. A call counts until it has truly ended, so one dependency
 * that becomes slow does not take all resources. A call that finds the queue full is refused with
 * `resource_exhausted`, reason `bulkhead_full`. All methods that one `bulkhead(…)` wraps share its room. For a client
 * it belongs outside of `retry`, or in the `attempt` layer.
 *
 * After Nygard, "Release It!" (2007).
 *
 * @throws RangeError when `concurrency` is below 1 or `queue` below 0.
 */
export function bulkhead({ concurrency, queue = 0 }: BulkheadOptions): Middleware {
	if (!(concurrency >= 1 && queue >= 0)) {
		throw new RangeError("bulkhead needs concurrency of at least 1, and queue of at least 0");
	}
	const room = new Room(concurrency, queue);
	return (next, method) => (input, ctx) => {
		if (room.enter(ctx)) return next(input, ctx);
		if (room.isFull) return Promise.reject(bulkheadFull(method.path));
		return room.wait(ctx).then(() => next(input, ctx));
	};
}

class Room {
	readonly #concurrency: number;
	readonly #queue: number;
	#inside = 0;
	/** The waiting calls, in order. Each function is called when it is that call's turn. */
	readonly #waiting = new Set<() => void>();

	constructor(concurrency: number, queue: number) {
		this.#concurrency = concurrency;
		this.#queue = queue;
	}

	/** Whether there is no room even to wait. */
	get isFull(): boolean {
		return this.#waiting.size >= this.#queue;
	}

	/** Lets a call in if there is room; it takes its room until it has settled. */
	enter(ctx: Context): boolean {
		if (this.#inside >= this.#concurrency) return false;
		this.#inside++;
		onSettled(ctx, () => this.#leave());
		return true;
	}

	/** Lets a call in when it is its turn; rejects when its context ends first. */
	wait(ctx: Context): Promise<void> {
		return new Promise((resolve, reject) => {
			const turn = (): void => {
				this.#waiting.delete(turn);
				unlisten();
				this.enter(ctx);
				resolve();
			};
			this.#waiting.add(turn);
			let unlisten = (): void => {};
			unlisten = ctx["~cancellation"].listen((error) => {
				this.#waiting.delete(turn);
				reject(error);
			});
		});
	}

	#leave(): void {
		this.#inside--;
		for (const turn of this.#waiting) {
			turn();
			return;
		}
	}
}

function bulkheadFull(path: string): ServiceError {
	const message = `${path} is called too often at once`;
	return new ServiceError({ code: "resource_exhausted", reason: "bulkhead_full", message });
}

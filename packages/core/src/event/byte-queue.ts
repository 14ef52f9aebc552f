import type { Context } from "../context/context.ts";
import type { ServiceError } from "../errors/service-error.ts";

/** Work that waits for its turn. */
interface Turn {
	readonly bytes: number;
	readonly take: () => void;
}

/** Bounds the bytes of work that goes on at once. First come, first served: work begins in the order of its arrival. */
export class ByteQueue {
	readonly #maxBytes: number;
	#bytes = 0;
	readonly #waiting = new Set<Turn>();

	/** @param maxBytes one piece of work that is larger still goes on alone. */
	constructor(maxBytes: number) {
		this.#maxBytes = maxBytes;
	}

	/**
	 * Begins the work at once if there is room, otherwise when it is its turn.
	 *
	 * @param late makes the error when the context ends before.
	 */
	run<T>(
		bytes: number,
		ctx: Context,
		work: () => Promise<T>,
		late: (error: ServiceError) => ServiceError,
	): Promise<T> {
		if (this.#waiting.size === 0 && this.#hasRoom(bytes)) return this.#go(bytes, work);
		return new Promise((resolve, reject) => {
			let unlisten = (): void => {};
			const take = (): void => {
				this.#waiting.delete(turn);
				unlisten();
				this.#go(bytes, work).then(resolve, reject);
			};
			const turn = { bytes, take };
			this.#waiting.add(turn);
			unlisten = ctx["~cancellation"].listen((error) => {
				this.#waiting.delete(turn);
				reject(late(error));
				this.#takeTurns();
			});
		});
	}

	#hasRoom(bytes: number): boolean {
		return this.#bytes === 0 || this.#bytes + bytes <= this.#maxBytes;
	}

	async #go<T>(bytes: number, work: () => Promise<T>): Promise<T> {
		this.#bytes += bytes;
		try {
			return await work();
		} finally {
			this.#bytes -= bytes;
			this.#takeTurns();
		}
	}

	#takeTurns(): void {
		for (const turn of this.#waiting) {
			if (!this.#hasRoom(turn.bytes)) return;
			turn.take();
		}
	}
}

/** A message that arrives in fragments. */
export interface Growing {
	/** There is room for all of it now. */
	grow(): void;
}

/**
 * The memory of one connection for messages that are not whole yet. Half of it is for what senders may send anyway,
 * which is the window of a stream each. The other half is for a few messages that have room for the largest size, so
 * that they become whole. The rest wait for these, and their senders wait for credit.
 */
export class Assembly {
	readonly #maxBytes: number;
	readonly #places: number;
	readonly #growing = new Set<Growing>();
	readonly #waiting = new Set<Growing>();
	#bytes = 0;

	constructor(limits: { readonly maxAssemblyBytes: number; readonly maxMessageBytes: number }) {
		this.#maxBytes = limits.maxAssemblyBytes;
		this.#places = Math.max(1, Math.floor(limits.maxAssemblyBytes / 2 / limits.maxMessageBytes));
	}

	/** Takes memory, or gives it back where the number is negative. Returns false when there is none left. */
	take(bytes: number): boolean {
		if (this.#bytes + bytes > this.#maxBytes) return false;
		this.#bytes += bytes;
		return true;
	}

	/** Returns whether a message may grow beyond the window of its stream. If not, it is told as soon as it may. */
	mayGrow(message: Growing): boolean {
		if (this.#growing.size >= this.#places) {
			this.#waiting.add(message);
			return false;
		}
		this.#growing.add(message);
		return true;
	}

	/** A message is whole, or will never be. */
	leave(message: Growing): void {
		this.#waiting.delete(message);
		if (!this.#growing.delete(message)) return;
		for (const next of this.#waiting) {
			this.#waiting.delete(next);
			this.#growing.add(next);
			next.grow();
			return;
		}
	}
}

/** A message that arrives in fragments. */
export interface Growing {
	/** There is room for all of it now. */
	grow(): void;
}

/**
 * The memory of one connection for messages that are not whole yet. Half of it is for what their senders may send
 * anyway, the window of a stream each. Of the other half a few messages have as much as the largest takes, so that
 * they become whole; the rest wait for them, and their senders for credit.
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

	/** Takes, or with a negative number gives back, memory; false when there is none. */
	take(bytes: number): boolean {
		if (this.#bytes + bytes > this.#maxBytes) return false;
		this.#bytes += bytes;
		return true;
	}

	/** Whether a message may grow beyond the window of its stream. Where not, it is told as soon as it may. */
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

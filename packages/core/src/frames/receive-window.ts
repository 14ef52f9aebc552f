/**
 * The number of bytes of messages that the other side may still send. Credit goes back to it as messages are consumed,
 * in pieces of at least half the window, so that few frames are needed.
 */
export class ReceiveWindow {
	readonly #size: number;
	#left: number;
	/** The bytes that were consumed and have not been returned as credit. */
	#consumed = 0;

	constructor(size: number) {
		this.#size = size;
		this.#left = size;
	}

	/** Bytes arrived. Returns whether the sender kept to the window. */
	take(bytes: number): boolean {
		this.#left -= bytes;
		return this.#left >= 0;
	}

	/** Bytes were consumed. Returns the credit to send to the other side now, if any, in bytes. */
	consume(bytes: number): number {
		this.#consumed += bytes;
		if (this.#consumed * 2 < this.#size) return 0;
		const credit = this.#consumed;
		this.#consumed = 0;
		this.#left += credit;
		return credit;
	}
}

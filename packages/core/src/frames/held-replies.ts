import { LinkedList } from "../transport/linked-list.ts";

/** Calls that may run at once though replies enough wait: most calls answer little, and need not wait for large replies. */
const mostBeyond = 16;

/**
 * Replies of calls that began before the bound was reached have room beyond it, so that a caller of many at once gets
 * all of them; but not for more than so many times the bound.
 */
const mostTimes = 16;

/** Replies of one connection that are ready, but wait for their turn or a slow reader; and calls that wait for them. */
export class HeldReplies {
	readonly #maxBytes: number;
	readonly #waiting = new LinkedList<() => void>();
	#bytes = 0;
	/** Calls under way that had to wait. */
	#beyond = 0;

	constructor(maxBytes: number) {
		this.#maxBytes = maxBytes;
	}

	/** Whether further calls have to wait, as there are replies enough. */
	get full(): boolean {
		return this.#bytes > this.#maxBytes;
	}

	/** Whether not even the reply of a call that runs has room. */
	get overfull(): boolean {
		return this.#bytes > mostTimes * this.#maxBytes;
	}

	/** A reply of so many bytes has to wait. */
	hold(bytes: number): void {
		this.#bytes += bytes;
	}

	/** It waits no more. */
	release(bytes: number): void {
		this.#bytes -= bytes;
		this.#resume();
	}

	/** Calls back when a call may run, first come first served. */
	wait(resume: () => void): void {
		this.#waiting.add(resume);
		this.#resume();
	}

	/** A call that had to wait, and was called back, is over. */
	leave(): void {
		this.#beyond--;
		this.#resume();
	}

	#resume(): void {
		while (!this.full || this.#beyond < mostBeyond) {
			const resume = this.#waiting.shift();
			if (resume === undefined) return;
			this.#beyond++;
			resume();
		}
	}
}

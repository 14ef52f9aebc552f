import { LinkedList } from "../transport/linked-list.ts";

/**
 * The calls that may run at once although the bound is reached: most replies are small, and need not wait for large
 * ones.
 */
const mostBeyond = 16;

/**
 * Replies of calls that began before the bound was reached have room beyond it, so that a caller of many methods at
 * once gets all replies. That room is limited to this many times the bound.
 */
const mostTimes = 16;

/** The replies of one connection that are ready but wait for their turn or a slow reader, and the calls that wait for them. */
export class HeldReplies {
	readonly #maxBytes: number;
	readonly #waiting = new LinkedList<() => void>();
	#bytes = 0;
	/** The calls under way that had to wait. */
	#beyond = 0;

	constructor(maxBytes: number) {
		this.#maxBytes = maxBytes;
	}

	/** Whether further calls have to wait, as enough replies wait already. */
	get full(): boolean {
		return this.#bytes > this.#maxBytes;
	}

	/** Whether there is no room even for the reply of a call that runs. */
	get overfull(): boolean {
		return this.#bytes > mostTimes * this.#maxBytes;
	}

	/** A reply has to wait. */
	hold(bytes: number): void {
		this.#bytes += bytes;
	}

	/** A reply waits no more. */
	release(bytes: number): void {
		this.#bytes -= bytes;
		this.#resume();
	}

	/** Calls back when a call may run, in the order of arrival. */
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

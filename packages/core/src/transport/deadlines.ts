import { after, type Timer } from "../time/timer.ts";

/** A call whose time may run out. */
export interface Expiring {
	/** When, on the clock of `performance.now()`; Infinity for never. */
	readonly deadline: number;
	/** It has. */
	onDeadline(): void;
}

/** Deadlines that lie closer together are looked after in one go, in milliseconds. */
const granularityMs = 5;

/**
 * Ends the calls of a connection, or of a server, at their deadlines, with one timer for all of them: it is set for the earliest,
 * and moves only when a call comes that ends sooner, which is rare, or when it fires.
 */
export class Deadlines {
	readonly #calls: () => Iterable<Expiring>;
	#timer: Timer | undefined;
	#firesAt = Number.POSITIVE_INFINITY;

	constructor(calls: () => Iterable<Expiring>) {
		this.#calls = calls;
	}

	/** A call came that ends then. */
	watch(deadline: number): void {
		if (deadline < this.#firesAt) this.#set(deadline);
	}

	/** Ends for good. */
	stop(): void {
		this.#timer?.stop();
		this.#timer = undefined;
		this.#firesAt = Number.POSITIVE_INFINITY;
	}

	#set(deadline: number): void {
		this.#timer?.stop();
		this.#firesAt = deadline;
		const delay = Math.max(granularityMs, Math.ceil(deadline - performance.now()));
		this.#timer = after(delay, () => this.#sweep());
	}

	#sweep(): void {
		this.stop();
		const now = performance.now();
		let next = Number.POSITIVE_INFINITY;
		// A call that ends leaves the collection while it is walked through, which maps and sets allow.
		for (const call of this.#calls()) {
			if (call.deadline <= now) call.onDeadline();
			else if (call.deadline < next) next = call.deadline;
		}
		if (next < this.#firesAt) this.#set(next);
	}
}

import { after, type Timer } from "../time/timer.ts";

/** A call that has a deadline. */
export interface Expiring {
	/** The deadline on the clock of `performance.now()`; Infinity for none. */
	readonly deadline: number;
	/** Called when the deadline has passed. */
	onDeadline(): void;
}

/** Deadlines closer together than this are handled in one go, in milliseconds. */
const granularityMs = 5;

/**
 * Ends the calls of a connection, or of a server, at their deadlines, with one timer for all of them. The timer is
 * set for the earliest deadline. It moves only when it fires, or when a call with an earlier deadline arrives, which
 * is rare.
 */
export class Deadlines {
	readonly #calls: () => Iterable<Expiring>;
	#timer: Timer | undefined;
	#firesAt = Number.POSITIVE_INFINITY;

	constructor(calls: () => Iterable<Expiring>) {
		this.#calls = calls;
	}

	/** Notes the deadline of a new call. */
	watch(deadline: number): void {
		if (deadline < this.#firesAt) this.#set(deadline);
	}

	/** Stops the timer for good. */
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
		// A call that ends leaves the collection during this iteration, which maps and sets allow.
		for (const call of this.#calls()) {
			if (call.deadline <= now) call.onDeadline();
			else if (call.deadline < next) next = call.deadline;
		}
		if (next < this.#firesAt) this.#set(next);
	}
}

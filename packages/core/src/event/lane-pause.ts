import { Backoff } from "../time/backoff.ts";

/** The weight of the latest delivery. Four in a row that meet trouble make more than half. */
const weight = 0.2;

/**
 * Pauses a lane while most of its deliveries fail for reasons that are not their own, such as a callee that is away.
 * After a pause one delivery is tried: if it meets trouble again, the next pause is longer.
 */
export class LanePause {
	readonly #backoff: Backoff;
	/** The share of deliveries that meet trouble; the latest count most. */
	#trouble = 0;
	#until = 0;

	/** @param longestMs the longest pause. */
	constructor(longestMs: number) {
		this.#backoff = new Backoff({ firstMs: Math.min(200, longestMs), longestMs, jitter: 0.5 });
	}

	/** When the pause ends, on the clock of `performance.now()`; 0 without one. */
	get until(): number {
		return this.#until;
	}

	/** How many deliveries may run at once. */
	get room(): number {
		if (this.#until === 0) return Number.POSITIVE_INFINITY;
		return performance.now() < this.#until ? 0 : 1;
	}

	/** Notes how a delivery ended. */
	note(metTrouble: boolean): void {
		// Deliveries that began before the pause tell nothing new of trouble.
		if (this.#until !== 0 && metTrouble) this.#pauseAfter(this.#until);
		else if (this.#until !== 0) this.#resume();
		else if (metTrouble || this.#trouble > 0) {
			this.#trouble += weight * ((metTrouble ? 1 : 0) - this.#trouble);
			if (this.#trouble > 0.5) this.#pauseAfter(0);
		}
	}

	#pauseAfter(earliest: number): void {
		const now = performance.now();
		if (now >= earliest) this.#until = now + this.#backoff.next();
	}

	#resume(): void {
		this.#until = 0;
		this.#trouble = 0;
		this.#backoff.reset();
	}
}

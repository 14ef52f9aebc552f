/** The time within which resets are counted, in milliseconds. */
const windowMs = 10_000;

/** Counts events that may happen a limited number of times within ten seconds, such as resets of streams. */
export class ResetCount {
	readonly #most: number;
	#count = 0;
	#since = 0;

	constructor(most: number) {
		this.#most = most;
	}

	/** Counts one more. Returns whether that is too many. */
	exceeded(): boolean {
		const now = performance.now();
		if (now - this.#since > windowMs) {
			this.#since = now;
			this.#count = 0;
		}
		return ++this.#count > this.#most;
	}
}

/** The time within which resets are counted, in milliseconds. */
const windowMs = 10_000;

/** Counts what may happen so many times within ten seconds, as resets of streams on one connection. */
export class ResetCount {
	readonly #most: number;
	#count = 0;
	#since = 0;

	constructor(most: number) {
		this.#most = most;
	}

	/** Counts one more; whether that is too many. */
	exceeded(): boolean {
		const now = performance.now();
		if (now - this.#since > windowMs) {
			this.#since = now;
			this.#count = 0;
		}
		return ++this.#count > this.#most;
	}
}

/** The bounds of a delay that doubles with each failure, in milliseconds. */
export interface BackoffBounds {
	/** The delay after the first failure. */
	readonly firstMs: number;
	/** The longest delay. */
	readonly longestMs: number;
}

/** After this many doublings the delay exceeds any bound in use, and it is still a finite number. */
const mostDoublings = 40;

/** The delay after a number of failures in a row, in milliseconds, without jitter. */
export function backoffDelay({ firstMs, longestMs }: BackoffBounds, failures: number): number {
	return Math.min(longestMs, firstMs * 2 ** Math.min(failures - 1, mostDoublings));
}

/** How a {@link Backoff} spreads its delays. */
export interface BackoffOptions extends BackoffBounds {
	/**
	 * The part of each delay that is random: 1 gives any delay up to the bound (full jitter), 0 always the bound
	 * itself. Default: 1.
	 */
	readonly jitter?: number;
}

/**
 * Exponential backoff: how long to wait after each of several failures in a row.
 *
 * Jitter keeps callers that failed together from trying again together. See Brooker, "Exponential Backoff And Jitter"
 * (2015).
 *
 * @example
 * const backoff = new Backoff({ firstMs: 100, longestMs: 5_000 });
 * // after each failure:
 * await sleep(backoff.next(), ctx);
 * // after a success:
 * backoff.reset();
 */
export class Backoff {
	readonly #bounds: BackoffBounds;
	readonly #jitter: number;
	#failures = 0;

	constructor({ jitter = 1, ...bounds }: BackoffOptions) {
		this.#bounds = bounds;
		this.#jitter = jitter;
	}

	/** The failures since the last success. */
	get failures(): number {
		return this.#failures;
	}

	/** Counts a failure. Returns how long to wait, in milliseconds. */
	next(): number {
		this.#failures++;
		return backoffDelay(this.#bounds, this.#failures) * (1 - this.#jitter + this.#jitter * Math.random());
	}

	/** Counts a success: the next failure is the first again. */
	reset(): void {
		this.#failures = 0;
	}
}

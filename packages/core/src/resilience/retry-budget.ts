/** How much retrying is allowed. */
export interface RetryBudgetOptions {
	/** Retries for each call of the last 10 s. Default: 0.1. */
	readonly ratio?: number;
	/** Retries a second that are always allowed. Default: 10. */
	readonly minimumPerSecond?: number;
}

const windowSeconds = 10;

/** The clock is read once for this many calls, because reading it costs more than counting. */
const callsPerLook = 16;

/**
 * Keeps retries a small share of the calls, so that they cannot multiply the load of a target in trouble. Like
 * Finagle's `RetryBudget`, it allows a share of the calls of the last 10 s, and a few retries a second in any case.
 */
export class RetryBudget {
	readonly #ratio: number;
	readonly #minimum: number;
	/** The credit of each second: the amount that its calls added, less the amount that its retries took. */
	readonly #seconds: number[] = new Array(windowSeconds).fill(0);
	#current = 0;
	/** Calls since the clock was last asked. */
	#uncounted = 0;
	#now = Math.floor(performance.now() / 1000);

	constructor(options: RetryBudgetOptions = {}) {
		this.#ratio = options.ratio ?? 0.1;
		this.#minimum = (options.minimumPerSecond ?? 10) * windowSeconds;
	}

	/** Returns a budget as it is, or makes a new one with these options. */
	static of(budget: RetryBudget | RetryBudgetOptions | undefined): RetryBudget {
		return budget !== undefined && "withdraw" in budget ? budget : new RetryBudget(budget);
	}

	/** Notes that a call is made. */
	deposit(): void {
		if (++this.#uncounted === callsPerLook) this.#count();
	}

	/** Takes a retry from the budget; false when there is none. */
	withdraw(): boolean {
		this.#count();
		const balance = this.#seconds.reduce((sum, credit) => sum + credit, this.#minimum);
		if (balance < 1) return false;
		this.#seconds[this.#current] = (this.#seconds[this.#current] ?? 0) - 1;
		return true;
	}

	/** Credits the calls counted since the last look to the present second. */
	#count(): void {
		this.#advance();
		this.#seconds[this.#current] = (this.#seconds[this.#current] ?? 0) + this.#uncounted * this.#ratio;
		this.#uncounted = 0;
	}

	/** Forgets the seconds that have left the window. */
	#advance(): void {
		const now = Math.floor(performance.now() / 1000);
		for (let steps = Math.min(now - this.#now, windowSeconds); steps > 0; steps--) {
			this.#current = (this.#current + 1) % windowSeconds;
			this.#seconds[this.#current] = 0;
		}
		this.#now = now;
	}
}

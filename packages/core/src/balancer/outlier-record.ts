/** When {@link outlierEjection} passes an instance over. */
export interface OutlierOptions {
	/** Failures in a row that eject an instance. Default: 5. */
	readonly consecutiveFailures?: number;
	/** How often success rates are compared, in milliseconds. Default: 10 s. */
	readonly intervalMs?: number;
	/** How long the first ejection lasts, in milliseconds; the n-th lasts n times as long. Default: 30 s. */
	readonly ejectionMs?: number;
	/** The longest time that an ejection lasts, in milliseconds. Default: 300 s. */
	readonly longestEjectionMs?: number;
	/** The share of the instances that may be ejected at once. Default: 0.1, and at least one. */
	readonly maxEjected?: number;
	/** The fewest calls in an interval for which the success rate of an instance is judged. Default: 100. */
	readonly minimumCalls?: number;
	/** The fewest instances with `minimumCalls` for which rates are compared. Default: 5. */
	readonly minimumInstances?: number;
	/** The number of standard deviations below the mean from which a success rate is unusual. Default: 1.9. */
	readonly deviations?: number;
}

/** The defaults of Envoy. */
export const defaultOutlierOptions: Required<OutlierOptions> = {
	consecutiveFailures: 5,
	intervalMs: 10_000,
	ejectionMs: 30_000,
	longestEjectionMs: 300_000,
	maxEjected: 0.1,
	minimumCalls: 100,
	minimumInstances: 5,
	deviations: 1.9,
};

/** The record of one instance. */
export class OutlierRecord {
	readonly #options: Required<OutlierOptions>;
	#inARow = 0;
	#succeeded = 0;
	#calls = 0;
	#ejections = 0;
	#ejectedUntil = 0;

	constructor(options: Required<OutlierOptions>) {
		this.#options = options;
	}

	/** The time until which the instance is passed over. */
	get ejectedUntil(): number {
		return this.#ejectedUntil;
	}

	/** Notes the result of a call. Returns true when too many calls in a row have failed. */
	note(ok: boolean): boolean {
		this.#calls++;
		if (ok) {
			this.#succeeded++;
			this.#inARow = 0;
			return false;
		}
		return ++this.#inARow >= this.#options.consecutiveFailures;
	}

	/** Begins a new interval. Returns the success rate of the last one; undefined after too few calls. */
	endInterval(now: number): number | undefined {
		const rate = this.#calls < this.#options.minimumCalls ? undefined : this.#succeeded / this.#calls;
		this.#succeeded = 0;
		this.#calls = 0;
		if (now >= this.#ejectedUntil && this.#ejections > 0) this.#ejections--;
		return rate;
	}

	eject(now: number): void {
		const { ejectionMs, longestEjectionMs } = this.#options;
		this.#ejections++;
		this.#ejectedUntil = now + Math.min(longestEjectionMs, ejectionMs * this.#ejections);
		this.#inARow = 0;
	}
}

/** How many of the latest latencies count, and how often the quantile is computed. */
const size = 256;
const every = 32;

/** A quantile of a method's latest latencies. */
export class LatencyQuantile {
	readonly #quantile: number;
	readonly #latencies = new Float64Array(size);
	#count = 0;
	#value: number | undefined;

	/** @param quantile between 0 and 1: 0.95 for the time within which 95% are answered. */
	constructor(quantile: number) {
		this.#quantile = quantile;
	}

	/** In milliseconds; undefined until enough is known. */
	get value(): number | undefined {
		return this.#value;
	}

	add(milliseconds: number): void {
		this.#latencies[this.#count++ % size] = milliseconds;
		if (this.#count % every !== 0) return;
		const sorted = this.#latencies.slice(0, Math.min(this.#count, size)).sort();
		this.#value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * this.#quantile))];
	}
}

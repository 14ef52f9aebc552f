/**
 * How many bits of a value's mantissa select its bucket. Each power of two is divided into 1,024 buckets, so values
 * are exact within 0.1%.
 */
const mantissaBits = 10;
/**
 * The smallest and the largest value with buckets of their own, a thousandth and two to the 26th, as powers of two.
 */
const smallestExponent = -10;
const largestExponent = 26;

/**
 * The position in the upper half of a double, which holds the sign, 11 bits of exponent and the mantissa's upper 20
 * bits.
 */
const shift = 20 - mantissaBits;
const firstBucket = (1023 + smallestExponent) << mantissaBits;
const buckets = ((largestExponent - smallestExponent) << mantissaBits) + 1;

/** The percentiles that reports show. */
export const reportedPercentiles: readonly number[] = [50, 75, 90, 99, 99.9, 99.99];

/** A {@link Histogram} as data: its percentiles by name, in the unit of its values. */
export interface HistogramSummary {
	readonly count: number;
	readonly min: number;
	readonly mean: number;
	readonly max: number;
	/** `p50` to `p99.99`. */
	readonly percentiles: Readonly<Record<string, number>>;
}

/**
 * Counts values, and tells any percentile within 0.1%, in 300 KB however many values there are.
 * Buckets are linear within each power of two, as in Gil Tene's HdrHistogram (hdrhistogram.org); a value's
 * bucket is read off the bits of the number itself. Values are at least 0. A value above two to the 26th (18 hours
 * in milliseconds) counts as that, except in `max`.
 *
 * @example
 * const latencies = new Histogram();
 * latencies.record(1.25);
 * latencies.percentile(99);
 */
export class Histogram {
	/** How many values were recorded. */
	count = 0;
	/** The smallest value, exactly; NaN when there is none. */
	min: number = Number.NaN;
	/** The largest value, exactly; NaN when there is none. */
	max: number = Number.NaN;
	#sum = 0;
	readonly #counts = new Float64Array(buckets);
	readonly #bits = new DataView(new ArrayBuffer(8));

	/** The mean, exactly; NaN when there is no value. */
	get mean(): number {
		return this.#sum / this.count;
	}

	/** Counts a value. NaN and negative numbers count as 0. */
	record(value: number): void {
		const counted = value >= 0 ? value : 0;
		const bucket = this.#bucketOf(counted);
		this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
		this.#sum += counted;
		if (!(counted >= this.min)) this.min = counted;
		if (!(counted <= this.max)) this.max = counted;
		this.count++;
	}

	/**
	 * Counts a value, and the values that were never measured because the next measurement waited for this one: the
	 * value less one interval, less two intervals, and so on. It corrects measurements that are made one after the
	 * other although they are due at an interval, as `recordValueWithExpectedInterval` of HdrHistogram does.
	 */
	recordCorrected(value: number, expectedInterval: number): void {
		this.record(value);
		for (let missing = value - expectedInterval; missing >= expectedInterval; missing -= expectedInterval) {
			this.record(missing);
		}
	}

	/**
	 * The value that the given percentage of all values does not exceed; at most 0.1% above the true one.
	 *
	 * @param percent Above 0, up to 100.
	 * @returns NaN when nothing was recorded.
	 */
	percentile(percent: number): number {
		// Rounding in the division must not raise a whole rank by one.
		const rank = Math.max(1, Math.ceil((percent / 100) * this.count - 1e-6));
		let seen = 0;
		for (let bucket = 0; bucket < buckets; bucket++) {
			seen += this.#counts[bucket] ?? 0;
			if (seen >= rank) return Math.max(this.min, Math.min(this.max, this.#upperEdge(bucket)));
		}
		return this.max;
	}

	/** Forgets all values. */
	reset(): void {
		this.#counts.fill(0);
		this.count = 0;
		this.#sum = 0;
		this.min = Number.NaN;
		this.max = Number.NaN;
	}

	/** As data; JSON shows NaN as null. */
	toJSON(): HistogramSummary {
		const percentiles = reportedPercentiles.map((percent) => [`p${percent}`, this.percentile(percent)]);
		const { count, min, mean, max } = this;
		return { count, min, mean, max, percentiles: Object.fromEntries(percentiles) };
	}

	#bucketOf(value: number): number {
		this.#bits.setFloat64(0, value);
		const bucket = (this.#bits.getUint32(0) >>> shift) - firstBucket;
		return Math.max(0, Math.min(buckets - 1, bucket));
	}

	/** The values of a bucket are below it. */
	#upperEdge(bucket: number): number {
		if (bucket === buckets - 1) return this.max;
		this.#bits.setUint32(0, (bucket + 1 + firstBucket) << shift);
		this.#bits.setUint32(4, 0);
		return this.#bits.getFloat64(0);
	}
}

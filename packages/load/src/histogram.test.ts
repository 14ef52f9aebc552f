import { createHistogram } from "node:perf_hooks";
import { describe, expect, test } from "vitest";
import { Histogram } from "./histogram.ts";

function of(...values: number[]): Histogram {
	const histogram = new Histogram();
	for (const value of values) histogram.record(value);
	return histogram;
}

/** Numbers that follow from the seed. */
function* numbers(seed: number): Generator<number> {
	for (let state = seed; ; ) {
		state = (state * 48_271) % 2_147_483_647;
		yield state / 2_147_483_647;
	}
}

test("a histogram of nothing tells nothing", () => {
	const { count, min, max, mean } = of();
	expect({ count, min, max, mean, p50: of().percentile(50) }).toEqual({
		count: 0,
		min: Number.NaN,
		max: Number.NaN,
		mean: Number.NaN,
		p50: Number.NaN,
	});
});

test("smallest, largest and mean are exact", () => {
	const { min, max, mean } = of(0.3, 100, 7.7);
	expect({ min, max, mean }).toEqual({ min: 0.3, max: 100, mean: 36 });
});

describe("a percentile", () => {
	test("is a value that the given percentage does not exceed", () => {
		const hundred = of(...Array.from({ length: 100 }, (_, index) => index + 1));
		for (const percent of [1, 50, 99, 100]) {
			expect(hundred.percentile(percent) / percent).toBeGreaterThanOrEqual(1);
			expect(hundred.percentile(percent) / percent).toBeLessThan(1.001);
		}
	});

	test("of one value is that value", () => {
		expect(of(12.345).percentile(0.1)).toBe(12.345);
		expect(of(12.345).percentile(99.99)).toBe(12.345);
	});

	test("agrees with the HdrHistogram of Node, for values of all sizes", () => {
		const random = numbers(7);
		const ours = new Histogram();
		const theirs = createHistogram({ figures: 4, highest: 10_000_000_000 });
		for (let count = 0; count < 50_000; count++) {
			const nanoseconds = Math.ceil(10 ** (3 + 6 * (random.next().value ?? 0)));
			ours.record(nanoseconds / 1e6);
			theirs.record(nanoseconds);
		}
		for (const percent of [1, 25, 50, 75, 90, 99, 99.9, 99.99]) {
			const ratio = (ours.percentile(percent) * 1e6) / theirs.percentile(percent);
			expect(ratio).toBeGreaterThan(0.999);
			expect(ratio).toBeLessThan(1.002);
		}
	});
});

test("values beyond all buckets are counted in the outermost", () => {
	const histogram = of(0, 1e-9, 1e12);
	expect([histogram.count, histogram.min, histogram.percentile(100)]).toEqual([3, 0, 1e12]);
	expect(histogram.percentile(50)).toBeLessThan(0.001);
});

test("a value that is not a number is not counted", () => {
	expect(of(Number.NaN, -1).max).toBe(0);
});

describe("a corrected value", () => {
	test("brings those that waited for it", () => {
		const histogram = new Histogram();
		histogram.recordCorrected(50, 10);
		expect([histogram.count, histogram.min, histogram.mean]).toEqual([5, 10, 30]);
	});

	test("brings none when it took no longer than the interval", () => {
		const histogram = new Histogram();
		histogram.recordCorrected(10, 10);
		expect(histogram.count).toBe(1);
	});
});

test("after a reset it is as new", () => {
	const histogram = of(1, 2, 3);
	histogram.reset();
	histogram.record(5);
	expect([histogram.count, histogram.mean, histogram.percentile(1)]).toEqual([1, 5, 5]);
});

test("as JSON it is its percentiles", () => {
	expect(JSON.parse(JSON.stringify(of(2, 2)))).toEqual({
		count: 2,
		min: 2,
		mean: 2,
		max: 2,
		percentiles: { p50: 2, p75: 2, p90: 2, p99: 2, "p99.9": 2, "p99.99": 2 },
	});
});

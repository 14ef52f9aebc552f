import { describe, expect, test } from "vitest";
import { median, percentile, spread } from "./statistics.ts";

describe("the benchmark's statistics", () => {
	test("take the middle, or the mean of the two middle ones", () => {
		expect(median([9, 1, 5])).toBe(5);
		expect(median([4, 2])).toBe(3);
		expect(median([])).toBeNaN();
	});

	test("leave the figures in their order", () => {
		const figures = [3, 1, 2];
		median(figures);
		expect(figures).toEqual([3, 1, 2]);
	});

	test("find the figure below which a share lies", () => {
		const hundred = Array.from({ length: 100 }, (_, index) => index);
		expect(percentile(hundred, 0.5)).toBe(50);
		expect(percentile(hundred, 0.99)).toBe(99);
		expect(percentile([7], 0.99)).toBe(7);
		expect(percentile([], 0.5)).toBeNaN();
	});

	test("know the range over the rounds", () => {
		expect(spread([3, 1, 2])).toEqual({ median: 2, minimum: 1, maximum: 3 });
	});
});

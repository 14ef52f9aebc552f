import { expect, test } from "vitest";
import { arrivals } from "./arrivals.ts";

test("even arrivals come at one distance, which adds up without an error", () => {
	const next = arrivals(300, "even");
	const all = Array.from({ length: 3_000_001 }, next);
	expect(all.slice(0, 2)).toEqual([0, 1_000 / 300]);
	expect(all.at(-1)).toBe(10_000_000);
});

test("poisson arrivals come at the same mean rate, at distances that vary as much as they are long", () => {
	const next = arrivals(100, "poisson");
	const all = Array.from({ length: 20_000 }, next);
	const distances = all.map((at, index) => at - (all[index - 1] ?? 0));
	const mean = distances.reduce((sum, distance) => sum + distance, 0) / distances.length;
	const variance = distances.reduce((sum, distance) => sum + (distance - mean) ** 2, 0) / distances.length;
	// Ten times the standard error of 20,000 values.
	expect(Math.abs(mean - 10)).toBeLessThan(0.7);
	expect(Math.abs(Math.sqrt(variance) - 10)).toBeLessThan(1);
	expect(Math.min(...distances)).toBeGreaterThanOrEqual(0);
});

import { afterEach, describe, expect, test, vi } from "vitest";
import { Backoff, backoffDelay } from "./backoff.ts";

afterEach(() => void vi.restoreAllMocks());

const bounds = { firstMs: 100, longestMs: 5_000 };

describe("the delay", () => {
	test("doubles with each failure, up to its bound", () => {
		const delays = [1, 2, 3, 6, 7, 8].map((failures) => backoffDelay(bounds, failures));
		expect(delays).toEqual([100, 200, 400, 3_200, 5_000, 5_000]);
	});

	test("stays a number after any count of failures", () => {
		expect(backoffDelay(bounds, 1_000_000)).toBe(5_000);
		expect(backoffDelay({ firstMs: 0, longestMs: 5_000 }, 1_000_000)).toBe(0);
		expect(backoffDelay({ firstMs: 1, longestMs: Number.POSITIVE_INFINITY }, 1_000_000)).toBeLessThan(
			Number.POSITIVE_INFINITY,
		);
	});
});

describe("a backoff", () => {
	test("counts failures, and begins again after a success", () => {
		const backoff = new Backoff({ ...bounds, jitter: 0 });
		expect([backoff.next(), backoff.next(), backoff.next()]).toEqual([100, 200, 400]);
		expect(backoff.failures).toBe(3);
		backoff.reset();
		expect(backoff.failures).toBe(0);
		expect(backoff.next()).toBe(100);
	});

	test("gives any delay up to the bound, unless it is told otherwise", () => {
		const random = vi.spyOn(Math, "random").mockReturnValue(0);
		const backoff = new Backoff(bounds);
		expect(backoff.next()).toBe(0);
		random.mockReturnValue(0.75);
		expect(backoff.next()).toBe(150);
	});

	test("keeps a part of the delay fixed where only a part is random", () => {
		vi.spyOn(Math, "random").mockReturnValue(0);
		expect(new Backoff({ ...bounds, jitter: 0.5 }).next()).toBe(50);
	});
});

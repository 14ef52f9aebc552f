import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { after, afterIfAlive, every, longestDelayMs } from "./timer.ts";

const dayMs = 86_400_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("after", () => {
	test.each([1, 250, longestDelayMs, longestDelayMs + 1, 100 * dayMs])(
		"%d ms calls back once, then",
		(milliseconds) => {
			const run = vi.fn();
			after(milliseconds, run);
			vi.advanceTimersByTime(milliseconds - 1);
			expect(run).not.toHaveBeenCalled();
			vi.advanceTimersByTime(1);
			expect(run).toHaveBeenCalledTimes(1);
			vi.advanceTimersByTime(200 * dayMs);
			expect(run).toHaveBeenCalledTimes(1);
			expect(vi.getTimerCount()).toBe(0);
		},
	);

	test("a time that has passed calls back soon, and never within the call", () => {
		const run = vi.fn();
		after(-5, run);
		expect(run).not.toHaveBeenCalled();
		vi.advanceTimersByTime(1);
		expect(run).toHaveBeenCalledTimes(1);
	});

	test("Infinity sets no timer", () => {
		const timer = after(Number.POSITIVE_INFINITY, vi.fn());
		expect(vi.getTimerCount()).toBe(0);
		timer.stop();
	});

	test.each([100, 100 * dayMs])("%d ms can be stopped, twice", (milliseconds) => {
		const run = vi.fn();
		const timer = after(milliseconds, run);
		vi.advanceTimersByTime(milliseconds / 2);
		timer.stop();
		timer.stop();
		expect(vi.getTimerCount()).toBe(0);
		vi.advanceTimersByTime(milliseconds);
		expect(run).not.toHaveBeenCalled();
	});

	test("refuses NaN, which the platform takes for 1 ms", () => {
		expect(() => after(Number.NaN, vi.fn())).toThrow(
			new RangeError("a timer takes milliseconds, and was given NaN"),
		);
	});
});

describe("every", () => {
	test.each([100, longestDelayMs + 1, 100 * dayMs])(
		"%d ms calls back again and again, until it is stopped",
		(ms) => {
			const run = vi.fn();
			const timer = every(ms, run);
			vi.advanceTimersByTime(ms - 1);
			expect(run).not.toHaveBeenCalled();
			vi.advanceTimersByTime(1);
			expect(run).toHaveBeenCalledTimes(1);
			vi.advanceTimersByTime(2 * ms);
			expect(run).toHaveBeenCalledTimes(3);
			timer.stop();
			expect(vi.getTimerCount()).toBe(0);
		},
	);

	test("stopped while it calls back, it does not go on", () => {
		const timer = every(100 * dayMs, () => timer.stop());
		vi.advanceTimersByTime(100 * dayMs);
		expect(vi.getTimerCount()).toBe(0);
	});

	test("Infinity sets no timer", () => {
		every(Number.POSITIVE_INFINITY, vi.fn()).stop();
		expect(vi.getTimerCount()).toBe(0);
	});
});

test("afterIfAlive() calls back once, and does not keep the process alive until then", () => {
	const made = vi.spyOn(globalThis, "setTimeout");
	const run = vi.fn();
	afterIfAlive(1_000, run);
	expect(made.mock.results.map(({ value }) => value.hasRef())).toEqual([false]);
	made.mockRestore();
	vi.advanceTimersByTime(999);
	expect(run).not.toHaveBeenCalled();
	vi.advanceTimersByTime(10_000);
	expect(run).toHaveBeenCalledOnce();
});

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { RunningTime } from "./running-time.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("is the time on the wall while the process runs freely", () => {
	using time = new RunningTime();
	vi.advanceTimersByTime(1_000);
	expect(time.milliseconds).toBeGreaterThanOrEqual(1_000);
});

test("does not count what the process was kept from using", () => {
	using time = new RunningTime();
	vi.advanceTimersByTime(100);
	// A process that is stopped, or waits for a processor, is like this: the clock goes on, and no tick comes.
	vi.setSystemTime(Date.now() + 10_000);
	vi.advanceTimersByTime(100);
	expect(time.milliseconds).toBeLessThan(10_000);
});

test("counts how long the process kept itself from going on", () => {
	using time = new RunningTime();
	const before = process.threadCpuUsage();
	const worked = (): number => process.threadCpuUsage(before).user;
	while (worked() < 60_000);
	expect(time.milliseconds).toBeGreaterThan(50);
});

test("counts no more when it is disposed of", () => {
	const time = new RunningTime();
	time[Symbol.dispose]();
	expect(vi.getTimerCount()).toBe(0);
});

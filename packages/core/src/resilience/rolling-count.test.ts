import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { RollingCount } from "./rolling-count.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterEach(() => void vi.useRealTimers());

test("counts both kinds apart", () => {
	const count = new RollingCount(1000);
	for (const ok of [true, false, true]) count.add(ok);
	expect(count.totals()).toEqual({ succeeded: 2, failed: 1 });
});

test("forgets counts that are older than the window, and no more", () => {
	const count = new RollingCount(1000);
	count.add(false);
	vi.advanceTimersByTime(600);
	count.add(true);
	vi.advanceTimersByTime(300);
	expect(count.totals()).toEqual({ succeeded: 1, failed: 1 });
	vi.advanceTimersByTime(200);
	expect(count.totals()).toEqual({ succeeded: 1, failed: 0 });
	vi.advanceTimersByTime(600);
	expect(count.totals()).toEqual({ succeeded: 0, failed: 0 });
});

test("forgets all after a long pause", () => {
	const count = new RollingCount(1000);
	for (let slot = 0; slot < 10; slot++) {
		count.add(false);
		vi.advanceTimersByTime(100);
	}
	vi.advanceTimersByTime(3600_050);
	expect(count.totals()).toEqual({ succeeded: 0, failed: 0 });
});

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { LanePause } from "./lane-pause.ts";

beforeEach(() => {
	vi.useFakeTimers();
	vi.spyOn(Math, "random").mockReturnValue(1);
});
afterEach(() => {
	vi.restoreAllMocks();
	vi.useRealTimers();
});

function inTrouble(): LanePause {
	const pause = new LanePause(1_000);
	for (let count = 0; count < 4; count++) pause.note(true);
	return pause;
}

describe("a lane", () => {
	test("does not pause while fewer than half of its deliveries meet trouble", () => {
		const pause = new LanePause(1_000);
		for (let count = 0; count < 100; count++) pause.note(count % 3 === 0);
		expect(pause.room).toBe(Number.POSITIVE_INFINITY);
	});

	test("pauses when most meet trouble, and then tries one", () => {
		const pause = inTrouble();
		expect(pause.room).toBe(0);
		vi.advanceTimersByTime(199);
		expect(pause.room).toBe(0);
		vi.advanceTimersByTime(1);
		expect(pause.room).toBe(1);
	});

	test("pauses longer after each trial in vain, up to the bound", () => {
		const pause = inTrouble();
		const pauses: number[] = [];
		for (let count = 0; count < 5; count++) {
			pauses.push(pause.until - performance.now());
			vi.advanceTimersByTime(pause.until - performance.now());
			pause.note(true);
		}
		expect(pauses).toEqual([200, 400, 800, 1_000, 1_000]);
	});

	test("does not pause longer for what began before", () => {
		const pause = inTrouble();
		for (let count = 0; count < 10; count++) pause.note(true);
		expect(pause.until - performance.now()).toBe(200);
	});

	test("goes on after the first that succeeds, and pauses briefly the next time", () => {
		const pause = inTrouble();
		vi.advanceTimersByTime(200);
		pause.note(true);
		vi.advanceTimersByTime(400);
		pause.note(false);
		expect([pause.room, pause.until]).toEqual([Number.POSITIVE_INFINITY, 0]);
		for (let count = 0; count < 4; count++) pause.note(true);
		expect(pause.until - performance.now()).toBe(200);
	});
});

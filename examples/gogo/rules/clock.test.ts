import { describe, expect, test } from "vitest";
import { afterThinking, fullClock, timeLeftMs } from "./clock.ts";

const control = { mainMs: 60_000, periods: 3, periodMs: 10_000 };
const full = fullClock(control);

describe("a clock", () => {
	test("begins with all of its time", () => {
		expect(full).toEqual({ mainMs: 60_000, periods: 3 });
		expect(timeLeftMs(full, control)).toBe(90_000);
	});

	test.each([
		["the main time runs first", 59_999, { mainMs: 1, periods: 3 }],
		["it may be used up", 60_000, { mainMs: 0, periods: 3 }],
		["a move within the first period keeps it", 70_000, { mainMs: 0, periods: 3 }],
		["a period that is used up is gone", 70_001, { mainMs: 0, periods: 2 }],
		["a move within the last period keeps it", 90_000, { mainMs: 0, periods: 1 }],
		["the time is over", 90_001, undefined],
		["time that runs backwards is none", -5, { mainMs: 60_000, periods: 3 }],
	])("%s", (_, spentMs, expected) => {
		expect(afterThinking(full, spentMs, control)).toEqual(expected);
	});

	test("without periods ends with the main time", () => {
		const sudden = { mainMs: 1_000, periods: 0, periodMs: 0 };
		expect(afterThinking(fullClock(sudden), 1_000, sudden)).toEqual({ mainMs: 0, periods: 0 });
		expect(afterThinking(fullClock(sudden), 1_001, sudden)).toBeUndefined();
	});
});

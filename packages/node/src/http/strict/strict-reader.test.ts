import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { defaultServerLimits } from "../../server/limits.ts";
import { EarlyAnswers } from "../early-answers.ts";
import { StrictReader } from "./strict-reader.ts";

beforeEach(() => {
	vi.useFakeTimers({ now: Date.UTC(2026, 0, 1, 12, 0, 0) });
});
afterEach(() => {
	vi.useRealTimers();
});

test("the date of answers is at most a second old", () => {
	const reader = new StrictReader(defaultServerLimits, new EarlyAnswers(), () => {});
	expect(reader.lines.date).toBe("Date: Thu, 01 Jan 2026 12:00:00 GMT\r\n");
	vi.advanceTimersByTime(61_000);
	expect(reader.lines.date).toBe("Date: Thu, 01 Jan 2026 12:01:01 GMT\r\n");
	reader.close();
});

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { LogLevel } from "./logger.ts";
import { SparingLog } from "./sparing-log.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test("says the same once a second, and how often it was left out", () => {
	const said: [LogLevel, string, unknown][] = [];
	const log = new SparingLog({ log: (level, message, fields) => said.push([level, message, fields]) });
	for (let count = 0; count < 1_000; count++) log.warn("a stranger came", { peer: count });
	log.warn("another one", {});
	vi.advanceTimersByTime(1_000);
	log.warn("a stranger came", { peer: "last" });
	expect(said).toEqual([
		["warn", "a stranger came", { peer: 0 }],
		["warn", "another one", {}],
		["warn", "a stranger came", { peer: "last", leftOut: 999 }],
	]);
});

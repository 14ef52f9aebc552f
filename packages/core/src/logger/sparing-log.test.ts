import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { LogLevel } from "./logger.ts";
import { SparingLog } from "./sparing-log.ts";

const said: [LogLevel, string, unknown][] = [];
const log = (): SparingLog =>
	new SparingLog({ log: (level, message, fields) => said.push([level, message, fields]) });

beforeEach(() => {
	said.length = 0;
	vi.useFakeTimers();
});
afterEach(() => vi.useRealTimers());

test("says the same once a second, the last of it included, and how often it was left out", () => {
	const sparing = log();
	for (let count = 0; count < 1_000; count++) sparing.warn("a stranger came", { peer: count });
	sparing.warn("another one", {});
	vi.advanceTimersByTime(999);
	sparing.warn("a stranger came", { peer: "last" });
	const first = [
		["warn", "a stranger came", { peer: 0 }],
		["warn", "another one", {}],
	];
	expect(said).toEqual(first);
	vi.advanceTimersByTime(10_000);
	expect(said).toEqual([...first, ["warn", "a stranger came", { peer: "last", leftOut: 999 }]]);
});

test("says nothing twice", () => {
	const sparing = log();
	sparing.warn("a stranger came", { peer: 1 });
	sparing.log("error", "a stranger came", { peer: 2 });
	vi.advanceTimersByTime(1_500);
	sparing.warn("a stranger came", { peer: 3 });
	vi.advanceTimersByTime(499);
	expect(said).toEqual([
		["warn", "a stranger came", { peer: 1 }],
		["error", "a stranger came", { peer: 2 }],
	]);
	vi.advanceTimersByTime(10_000);
	expect(said.slice(2)).toEqual([["warn", "a stranger came", { peer: 3 }]]);
	expect(vi.getTimerCount()).toBe(0);
});

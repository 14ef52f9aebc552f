import { expect, test } from "vitest";
import { formatAge, parseDuration } from "./duration.ts";

test.each([
	["500ms", 500],
	["2s", 2_000],
	["1.5m", 90_000],
	["1h", 3_600_000],
	["2d", 172_800_000],
])("%s is %i milliseconds", (text, milliseconds) => {
	expect(parseDuration(text)).toBe(milliseconds);
});

test.each(["", "5", "s", "-1s", "0s", "2 s", "1w", "1e3s"])("%j is no duration", (text) => {
	expect(parseDuration(text)).toBeUndefined();
});

test.each([
	[-1, "0s"],
	[59_999, "59s"],
	[60_000, "1m"],
	[7_200_000, "2h"],
	[86_400_000 * 9, "9d"],
])("an age of %i milliseconds is shown as %s", (milliseconds, text) => {
	expect(formatAge(milliseconds)).toBe(text);
});

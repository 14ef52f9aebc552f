import { describe, expect, test } from "vitest";
import { occurrencesOf, type Timing } from "./timing.ts";

/** The times of a schedule between two others. */
function times(timing: Timing, from: string, to: string): string[] {
	const { after } = occurrencesOf("test", timing);
	const found: string[] = [];
	for (let time = after(new Date(from)); time !== undefined && time < new Date(to); time = after(time)) {
		found.push(time.toISOString().replace(":00.000Z", "Z"));
	}
	return found;
}

describe("a cron expression", () => {
	test("is read by the clock of its zone, in summer and in winter", () => {
		const timing = { cron: "0 3 * * *", zone: "Europe/Vienna" };
		expect(times(timing, "2026-01-10T00:00Z", "2026-01-12T00:00Z")).toEqual([
			"2026-01-10T02:00Z",
			"2026-01-11T02:00Z",
		]);
		expect(times(timing, "2026-07-10T00:00Z", "2026-07-11T00:00Z")).toEqual(["2026-07-10T01:00Z"]);
	});

	test("without a zone is read in UTC", () => {
		expect(times({ cron: "30 1 * * *" }, "2026-01-10T00:00Z", "2026-01-11T00:00Z")).toEqual([
			"2026-01-10T01:30Z",
		]);
	});
});

describe("on the days when clocks change", () => {
	// In spring, this local time does not exist; in autumn it comes twice.
	test.each([
		["Europe/Vienna", "30 2 * * *", "2026-03-28T12:00Z", "2026-03-29T12:00Z", ["2026-03-29T01:00Z"]],
		["America/New_York", "30 2 * * *", "2026-03-07T12:00Z", "2026-03-08T12:00Z", ["2026-03-08T07:00Z"]],
		["Australia/Lord_Howe", "15 2 * * *", "2026-10-03T00:00Z", "2026-10-04T00:00Z", ["2026-10-03T15:30Z"]],
	])("a time that %s skips runs once, at the first that there is", (zone, cron, from, to, expected) => {
		expect(times({ cron, zone }, from, to)).toEqual(expected);
	});

	test.each([
		["Europe/Vienna", "30 2 * * *", "2026-10-24T12:00Z", "2026-10-25T12:00Z"],
		["America/New_York", "30 1 * * *", "2026-10-31T12:00Z", "2026-11-01T12:00Z"],
		["Australia/Lord_Howe", "45 1 * * *", "2026-04-04T00:00Z", "2026-04-05T00:00Z"],
	])("a time that %s has twice runs once", (zone, cron, from, to) => {
		expect(times({ cron, zone }, from, to)).toHaveLength(1);
	});

	test("every hour is every hour", () => {
		for (const from of ["2026-03-29T00:30Z", "2026-10-25T00:30Z"]) {
			const to = new Date(Date.parse(from) + 4 * 3_600_000).toISOString();
			expect(times({ cron: "0 * * * *", zone: "Europe/Vienna" }, from, to)).toHaveLength(4);
		}
	});
});

describe("an interval", () => {
	test("has the same times in every process", () => {
		expect(times({ ms: 60_000 }, "2026-01-10T00:00:30Z", "2026-01-10T00:03Z")).toEqual([
			"2026-01-10T00:01Z",
			"2026-01-10T00:02Z",
		]);
	});
});

describe("refuses when it is declared", () => {
	test.each<[string, unknown, string]>([
		["an expression that is none", { cron: "every night" }, 'cannot run at "every night"'],
		["a minute that there is not", { cron: "61 * * * *" }, 'cannot run at "61 * * * *"'],
		["a day that never comes", { cron: "0 0 30 2 *" }, "never runs"],
		[
			"a zone that there is not",
			{ cron: "0 3 * * *", zone: "Europe/Wien" },
			'"Europe/Wien", which is unknown',
		],
		["an interval that is too short", { ms: 10 }, "at least 1000"],
		["an interval that is no number", { ms: Number.NaN }, "was given NaN"],
		["nothing", {}, "has no times"],
	])("%s", (_, timing, message) => {
		expect(() => occurrencesOf("test", timing as Timing)).toThrow(message);
	});
});

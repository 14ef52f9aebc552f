import { Histogram, type LoadReport } from "@allium/load";
import { describe, expect, test } from "vitest";
import { CommandError } from "../command/command-error.ts";
import { parseAssertions } from "./assertion.ts";

/** A report of a thousand calls from 1 to 1000 ms, some of which failed. */
function report(failed = 2): LoadReport {
	const latency = new Histogram();
	for (let milliseconds = 1; milliseconds <= 1_000; milliseconds++) latency.record(milliseconds);
	return {
		loop: "open",
		rate: 100,
		arrivals: "even",
		concurrency: 10,
		expectedIntervalMs: undefined,
		measuredMs: 10_000,
		calls: 1_000,
		succeeded: 1_000 - failed,
		failed,
		unfinished: 0,
		succeededPerSecond: (1_000 - failed) / 10,
		messages: undefined,
		latency,
		failures: [],
		timeline: [],
		startedLate: new Histogram(),
		idleTurnsMs: 0,
		isGeneratorLate: false,
		isInterrupted: false,
	};
}

function holds(text: string, of = report()): boolean[] {
	return parseAssertions(text).map((assertion) => assertion.holds(assertion.measure(of)));
}

test.each([
	["p50<502ms", true],
	["p50<500ms", false],
	["p99.9 <= 1s", true],
	["p33.3>333ms", true],
	["p100=1s", true],
	["max>=1000000us", true],
	["max>=1000001µs", false],
	["min=1ms", true],
	["mean<500ms", false],
	["mean<501ms", true],
	["errors<0.3%", true],
	["errors<0.2%", false],
	["errors=2", true],
	["errors<2", false],
	["rate>=99/s", true],
	["rate>99.8", false],
])("%s: %j", (text, expected) => {
	expect(holds(text)).toEqual([expected]);
});

test("several are separated by commas, and stay as they were written", () => {
	const all = parseAssertions("p99<2s, errors = 0");
	expect(all.map(({ text, quantity }) => [text, quantity])).toEqual([
		["p99<2s", "milliseconds"],
		["errors = 0", "count"],
	]);
	expect(holds("p99<2s, errors = 0")).toEqual([true, false]);
});

test("nothing measured holds nothing", () => {
	const nothing = { ...report(0), calls: 0, latency: new Histogram() };
	expect(holds("p99<1s,p99>0ms,errors<1%", nothing)).toEqual([false, false, false]);
});

describe("the mistake is pointed at", () => {
	const there = "p50 (any percentile such as p99.9), min, mean, max, errors and rate";

	test.each([
		["", 1, `one of ${there} is expected`],
		["p99<50ms,", 10, `one of ${there} is expected`],
		["p95x<1ms", 1, `there is no p95x; there are ${there}`],
		["p0<1ms", 1, `there is no p0; there are ${there}`],
		["errors<1%,p101<1ms", 11, `there is no p101; there are ${there}`],
		["p99 50ms", 5, "one of <, <=, >, >=, = is expected"],
		["p99<", 5, "a number is expected"],
		["p99<fast", 5, "a number is expected"],
		["p99<50", 7, "a latency needs a unit: us, ms or s"],
		["p99<50m", 7, "a latency needs a unit: us, ms or s"],
		["p99<50%", 7, "a latency needs a unit: us, ms or s"],
		["errors<5ms", 9, "errors are a share such as 0.1%, or a number"],
		["rate>5%", 7, "a rate is a number of calls a second, such as 500 or 500/s"],
		["p99<50ms errors<1", 10, "a comma or the end is expected"],
	])("%j: column %i, %s", (text, column, what) => {
		expect.assertions(2);
		try {
			parseAssertions(text);
		} catch (error) {
			if (!(error instanceof CommandError)) throw error;
			expect(error.message).toBe(`--assert is wrong at column ${column}: ${what}.`);
			expect(error.hints).toEqual([`  ${text}`, `  ${" ".repeat(column - 1)}^`]);
		}
	});
});

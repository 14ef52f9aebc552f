import { Histogram, type LoadReport, type LoadWindow } from "@allium/load";
import { describe, expect, test } from "vitest";
import { parseAssertions } from "./assertion.ts";
import { glyphsFor } from "./plot.ts";
import { progressText, reportText } from "./report-text.ts";

const same = (text: string): string => text;
const look = {
	styles: { bold: same, dim: same, red: same, colour: (_: number, text: string) => text },
	glyphs: glyphsFor({}),
	width: 80,
};

function histogram(...values: number[]): Histogram {
	const all = new Histogram();
	for (const value of values) all.record(value);
	return all;
}

function text(changes: Partial<LoadReport> = {}, beside: { busy?: number; assert?: string } = {}): string {
	const report: LoadReport = {
		loop: "open",
		rate: 100,
		arrivals: "even",
		concurrency: 1_000,
		expectedIntervalMs: undefined,
		measuredMs: 10_000,
		calls: 1_000,
		succeeded: 1_000,
		failed: 0,
		unfinished: 0,
		succeededPerSecond: 100,
		messages: undefined,
		latency: histogram(2, 2, 20),
		failures: [],
		timeline: [],
		startedLate: histogram(0.01),
		idleTurnsMs: 0,
		isGeneratorLate: false,
		isInterrupted: false,
		...changes,
	};
	const assertions = beside.assert === undefined ? [] : parseAssertions(beside.assert);
	return reportText(
		{ name: "add/sum", report, attempts: new Map(), busy: beside.busy ?? 0.1, assertions },
		look,
	);
}

test("a report is read from top to bottom", () => {
	expect(text({ latency: histogram(5) }, { assert: "p99<4ms,errors=0" })).toBe(
		`add/sum
Open loop: 100/s at even intervals, at most 1,000 in flight. Latencies count
from when a call was due.

calls    1,000 in 10.0 s, 100/s succeeded
errors   none
latency  mean 5.00 ms, min 5.00 ms

p50     5.00 ms  ###########################################
p75     5.00 ms  ###########################################
p90     5.00 ms  ###########################################
p99     5.00 ms  ###########################################
p99.9   5.00 ms  ###########################################
p99.99  5.00 ms  ###########################################
max     5.00 ms  ###########################################
                 '                                                            '
                 1 ms                                                     10 ms

Assertions
  fails  p99<4ms   5.00 ms
  holds  errors=0  0`,
	);
});

test("failures are listed with their share, cut to the width", () => {
	const failures = [
		{ code: "unavailable" as const, reason: undefined, message: "gone ".repeat(30), count: 40 },
		{ code: "not_found" as const, reason: "no_item", message: "there is no such item", count: 10 },
	];
	const lines = text({ failures, failed: 50, succeeded: 950 }).split("\n");
	expect(lines).toContain("errors   50, 5%");
	expect(lines).toContain("  10  1%  not_found (no_item): there is no such item");
	expect(lines.find((line) => line.includes("unavailable"))).toMatch(
		/^ {2}40 {2}4% {2}unavailable: gone .*\.\.\.$/,
	);
	expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
});

describe("a note says", () => {
	test("that the machine that makes the load was late, and not the service", () => {
		expect(text({ isGeneratorLate: true, startedLate: histogram(8) }).replace(/\s+/g, " ")).toContain(
			"Note: this machine did not keep the schedule: it started calls late (p50 8.00 ms, p99 8.00 ms)",
		);
	});

	test("that the service did not keep up", () => {
		expect(text({ measuredMs: 20_000 })).toContain("Note: 50/s were answered of the 100/s that were due;");
	});

	test("that the process that makes the load may be the limit", () => {
		expect(text({}, { busy: 0.95 })).toContain("Note: this process was busy 95% of the time");
		expect(text({}, { busy: 0.5 })).not.toContain("Note");
	});

	test("that calls were left when it was interrupted", () => {
		const interrupted = text({ isInterrupted: true, unfinished: 3, measuredMs: 100, calls: 10 });
		expect(interrupted).toContain("Note: the load was interrupted; the figures cover the time until then.");
		expect(interrupted).toContain("Note: 3 calls had not ended, and are not counted.");
	});
});

test("a load that was interrupted before anything counted has a report", () => {
	const nothing = { calls: 0, succeeded: 0, succeededPerSecond: 0, measuredMs: 0, isInterrupted: true };
	expect(text({ ...nothing, latency: histogram() }, { assert: "p99<1s" })).toContain(
		"calls    none\nerrors   none\nlatency  mean -, min -\n\nNote: the load was interrupted; the figures cover the time until then.\n\nAssertions\n  fails  p99<1s  nothing was measured",
	);
});

test("a line of progress tells how the last second was", () => {
	const window: LoadWindow = {
		isWarmup: false,
		endMs: 3_001,
		lengthMs: 1_001,
		succeeded: 990,
		failed: 11,
		p50: 1.234,
		p99: 98.7,
		max: 100,
		inFlight: 64,
		behindMs: 450,
	};
	expect(progressText(window)).toBe(
		"    3 s    1,000/s  p50 1.23 ms  p99 98.7 ms  errors 1.1%  64 in flight  behind by 450 ms",
	);
	expect(progressText({ ...window, isWarmup: true, behindMs: 0 })).toMatch(/^warm-up .* in flight$/);
});

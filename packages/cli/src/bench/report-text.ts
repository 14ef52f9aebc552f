import type { LoadReport, LoadWindow } from "@allium/load";
import type { Styles } from "../terminal/terminal.ts";
import { columns, wrap } from "../text/columns.ts";
import type { Assertion } from "./assertion.ts";
import { countText, latencyText, rateText, shareText } from "./figures.ts";
import { type Glyphs, percentilePlot, timePlot } from "./plot.ts";

/** A report of a load, and the facts that are shown with it. */
export interface BenchResult {
	/** `add/sum` */
	readonly name: string;
	readonly report: LoadReport;
	/** How many calls went to each instance, by its id. */
	readonly attempts: ReadonlyMap<string, number>;
	/** The share of the time in which this process was busy, from 0 to 1. */
	readonly busy: number;
	readonly assertions: readonly Assertion[];
}

/** How to format the text. */
export interface BenchLook {
	readonly styles: Styles;
	readonly glyphs: Glyphs;
	readonly width: number;
}

/** The report for people. */
export function reportText(result: BenchResult, look: BenchLook): string {
	const { name, report, assertions } = result;
	const { styles, glyphs, width } = look;
	const paragraphs = [
		[styles.bold(name), ...wrap(loopText(report), width).map((line) => styles.dim(line))],
		totals(report),
		percentilePlot(report.latency, width, glyphs),
		overTime(report.timeline, width, glyphs),
		section("Errors", failureLines(report, width), styles),
		section("Calls by instance", instanceLines(result.attempts), styles),
		notes(result).flatMap((note) => wrap(`Note: ${note}`, width)),
		section("Assertions", assertionLines(assertions, report, styles), styles),
	];
	return paragraphs
		.filter((lines) => lines.length > 0)
		.map((lines) => lines.join("\n"))
		.join("\n\n");
}

/** One line a second while the load runs. */
export function progressText(window: LoadWindow): string {
	const { isWarmup, endMs, lengthMs, succeeded, failed, p50, p99, inFlight, behindMs } = window;
	const calls = succeeded + failed;
	return [
		isWarmup ? "warm-up" : `${Math.round(endMs / 1_000)} s`.padStart(7),
		rateText((calls / lengthMs) * 1_000).padStart(9),
		`p50 ${latencyText(p50)}`.padEnd(11),
		`p99 ${latencyText(p99)}`.padEnd(11),
		`errors ${shareText(failed, calls)}`,
		`${countText(inFlight)} in flight`,
		...(behindMs >= 1 ? [`behind by ${latencyText(behindMs)}`] : []),
	].join("  ");
}

/** The result of an assertion. */
export interface AssertionResult {
	readonly assertion: string;
	readonly value: number;
	readonly holds: boolean;
}

/** Each assertion as data, with its value. */
export function assertionResults(
	assertions: readonly Assertion[],
	report: LoadReport,
): readonly AssertionResult[] {
	return assertions.map((assertion) => {
		const value = assertion.measure(report);
		return { assertion: assertion.text, value, holds: assertion.holds(value) };
	});
}

function loopText({ rate, arrivals, concurrency, expectedIntervalMs }: LoadReport): string {
	if (rate !== undefined) {
		const spread = arrivals === "poisson" ? "at random (poisson)" : "at even intervals";
		return `Open loop: ${rateText(rate)} ${spread}, at most ${countText(concurrency)} in flight. Latencies count from when a call was due.`;
	}
	const callers = concurrency === 1 ? "1 caller" : `${countText(concurrency)} callers`;
	const loop = `Closed loop: ${callers}; each waits for its answer before it calls again.`;
	return expectedIntervalMs === undefined
		? `${loop} Calls that would have come meanwhile are not measured, so the latencies hide waiting; --rate shows it.`
		: `${loop} Latencies are corrected for one call each ${latencyText(expectedIntervalMs)}.`;
}

function totals(report: LoadReport): string[] {
	const { calls, succeededPerSecond, measuredMs, failed, latency, messages } = report;
	const seconds = measuredMs / 1_000;
	return columns([
		[
			"calls",
			calls === 0
				? "none"
				: `${countText(calls)} in ${latencyText(measuredMs)}, ${rateText(succeededPerSecond)} succeeded`,
		],
		["errors", failed === 0 ? "none" : `${countText(failed)}, ${shareText(failed, calls)}`],
		...(messages === undefined
			? []
			: [["messages", `${countText(messages)}, ${rateText(seconds === 0 ? 0 : messages / seconds)}`]]),
		[
			messages === undefined ? "latency" : "first message",
			`mean ${latencyText(latency.mean)}, min ${latencyText(latency.min)}`,
		],
	]);
}

function overTime(timeline: readonly LoadWindow[], width: number, glyphs: Glyphs): string[] {
	const highest = Math.max(0, ...timeline.map(({ p99 }) => p99).filter((value) => !Number.isNaN(value)));
	if (timeline.length < 3 || highest === 0) return [];
	return [`p99 by time, up to ${latencyText(highest)}:`, timePlot(timeline, width, glyphs)];
}

function failureLines({ failures, calls }: LoadReport, width: number): string[] {
	const rows = failures.map(({ code, reason, message, count }) => {
		const named = reason === undefined || reason === code ? code : `${code} (${reason})`;
		return [countText(count), shareText(count, calls), `${named}: ${message}`];
	});
	return columns(rows).map((line) => (line.length > width - 2 ? `${line.slice(0, width - 5)}...` : line));
}

function instanceLines(attempts: ReadonlyMap<string, number>): string[] {
	const total = [...attempts.values()].reduce((sum, count) => sum + count, 0);
	const sorted = [...attempts].sort(([, one], [, other]) => other - one);
	return columns(sorted.map(([id, count]) => [shareText(count, total), id]));
}

function assertionLines(assertions: readonly Assertion[], report: LoadReport, styles: Styles): string[] {
	const rows = assertions.map((assertion) => {
		const value = assertion.measure(report);
		const verdict = assertion.holds(value) ? "holds" : styles.red("fails");
		return [verdict, assertion.text, valueText(assertion, value)];
	});
	return columns(rows);
}

function valueText({ quantity }: Assertion, value: number): string {
	if (Number.isNaN(value)) return "nothing was measured";
	switch (quantity) {
		case "milliseconds":
			return latencyText(value);
		case "percent":
			return shareText(value, 100);
		case "count":
			return countText(value);
		case "per second":
			return rateText(value);
	}
}

/** Notes that help to interpret the figures. */
function notes({ report, busy }: BenchResult): string[] {
	const { isInterrupted, unfinished, isGeneratorLate, startedLate, rate, calls, measuredMs } = report;
	const all: string[] = [];
	if (isInterrupted) all.push("the load was interrupted; the figures cover the time until then.");
	if (unfinished > 0) all.push(`${countText(unfinished)} calls had not ended, and are not counted.`);
	if (isGeneratorLate) {
		const [p50, p99] = [startedLate.percentile(50), startedLate.percentile(99)];
		all.push(
			`this machine did not keep the schedule: it started calls late (p50 ${latencyText(p50)}, p99 ${latencyText(p99)}), and that delay is part of the latencies. Use a lower rate, or a machine with less to do.`,
		);
	}
	const perSecond = (calls / measuredMs) * 1_000;
	if (rate !== undefined && !isInterrupted && perSecond < rate * 0.95) {
		all.push(
			`${rateText(perSecond)} were answered of the ${rateText(rate)} that were due; the others waited.`,
		);
	}
	if (busy > 0.9) {
		all.push(
			`this process was busy ${shareText(busy, 1)} of the time: it may limit the rate, rather than the service.`,
		);
	}
	return all;
}

function section(title: string, lines: readonly string[], { bold }: Styles): string[] {
	return lines.length === 0 ? [] : [bold(title), ...lines.map((line) => `  ${line}`)];
}

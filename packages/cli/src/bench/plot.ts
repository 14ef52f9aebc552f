import { type Histogram, type LoadWindow, reportedPercentiles } from "@allium/load";
import type { Environment } from "@allium/node";
import { latencyText } from "./figures.ts";

/** The characters with which plots are drawn. */
export interface Glyphs {
	/** From the narrowest part of a letter to a whole one. */
	readonly bar: readonly string[];
	/** From the lowest level to the highest. */
	readonly levels: readonly string[];
	/** Shown for a time in which no call was answered. */
	readonly gap: string;
	readonly tick: string;
}

const unicode: Glyphs = { bar: [..."▏▎▍▌▋▊▉█"], levels: [..."▁▂▃▄▅▆▇█"], gap: "·", tick: "╵" };
const ascii: Glyphs = { bar: ["#"], levels: [..."_.-~=+*#"], gap: " ", tick: "'" };

/** Returns blocks if the environment uses UTF-8, and plain letters otherwise. */
export function glyphsFor(env: Environment): Glyphs {
	const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || "";
	return /utf-?8/i.test(locale) && env.TERM !== "dumb" ? unicode : ascii;
}

/**
 * Plots latencies on a logarithmic axis: bars for the percentiles and the largest latency, with powers of ten below.
 */
export function percentilePlot(latency: Histogram, width: number, glyphs: Glyphs): string[] {
	if (latency.count === 0) return [];
	const rows: [name: string, value: number][] = [
		...reportedPercentiles.map((percent): [string, number] => [`p${percent}`, latency.percentile(percent)]),
		["max", latency.max],
	];
	const values = rows.map(([, value]) => Math.max(value, 0.001));
	const axis = new LogAxis(Math.min(...values), Math.max(...values), width - 18);
	const bars = rows.map(([name, value]) => {
		return `${name.padEnd(6)} ${latencyText(value).padStart(8)}  ${bar(axis.place(value), glyphs)}`;
	});
	return [...bars, ...axis.lines(glyphs.tick).map((line) => " ".repeat(17) + line)];
}

/**
 * Plots p99 on a logarithmic axis, with a letter for each second or for several. A gap shows where no call was
 * answered.
 */
export function timePlot(timeline: readonly LoadWindow[], width: number, glyphs: Glyphs): string {
	const each = Math.max(1, Math.ceil(timeline.length / width));
	const columns = Array.from({ length: Math.ceil(timeline.length / each) }, (_, index) => {
		const values = timeline.slice(index * each, (index + 1) * each).map(({ p99 }) => p99);
		return Math.max(...values.filter((value) => !Number.isNaN(value)), 0);
	});
	const answered = columns.filter((value) => value > 0);
	const lowest = Math.min(...answered);
	// Values that vary by less than a factor of four should not look like a mountain.
	const highest = Math.max(...answered, lowest * 4);
	return columns.map((value) => (value === 0 ? glyphs.gap : level(value, lowest, highest, glyphs))).join("");
}

function level(value: number, lowest: number, highest: number, { levels }: Glyphs): string {
	const share = Math.log(value / lowest) / Math.log(highest / lowest);
	return levels[Math.min(levels.length - 1, Math.floor(share * levels.length))] ?? "";
}

function bar(length: number, { bar: parts }: Glyphs): string {
	const steps = Math.max(1, Math.round(length * parts.length));
	const rest = steps % parts.length;
	const whole = (parts.at(-1) ?? "").repeat(Math.floor(steps / parts.length));
	return rest === 0 ? whole : whole + (parts[rest - 1] ?? "");
}

/** A logarithmic axis from one power of ten to another. */
class LogAxis {
	readonly #from: number;
	readonly #to: number;
	readonly #width: number;

	constructor(lowest: number, highest: number, width: number) {
		this.#from = Math.floor(Math.log10(lowest));
		this.#to = Math.max(this.#from + 1, Math.ceil(Math.log10(highest)));
		this.#width = width;
	}

	/** How many letters from the left a value lies. */
	place(value: number): number {
		return ((Math.log10(value) - this.#from) / (this.#to - this.#from)) * this.#width;
	}

	/** The ticks, and their labels below. */
	lines(tick: string): [string, string] {
		let ticks = "";
		let labels = "";
		for (let power = this.#from; power <= this.#to; power++) {
			const at = Math.min(this.#width - 1, Math.round(this.place(10 ** power)));
			const label = latencyText(10 ** power)
				.replace(".00", "")
				.replace(".0", "");
			const labelAt = Math.max(0, Math.min(at, this.#width - label.length));
			ticks = ticks.padEnd(at) + tick;
			if (labelAt > 0 && labels.length >= labelAt) continue;
			labels = labels.padEnd(labelAt) + label;
		}
		return [ticks, labels];
	}
}

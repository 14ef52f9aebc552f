import type { LoadReport } from "@allium/load";
import { type CommandError, usageError } from "../command/command-error.ts";

/** The quantities that an `--assert` condition can name, for messages. */
const metrics = "p50 (any percentile such as p99.9), min, mean, max, errors and rate";

/** The kind of quantity, which determines how it is shown. */
type Quantity = "milliseconds" | "percent" | "count" | "per second";

/** The latency units in milliseconds. */
const latencyUnits: Readonly<Record<string, number>> = { us: 0.001, µs: 0.001, ms: 1, s: 1_000 };

const comparisons = {
	"<": (value: number, limit: number) => value < limit,
	"<=": (value: number, limit: number) => value <= limit,
	">": (value: number, limit: number) => value > limit,
	">=": (value: number, limit: number) => value >= limit,
	"=": (value: number, limit: number) => value === limit,
} as const;

/** One condition of `--assert`. */
export interface Assertion {
	/** The condition as the user wrote it. */
	readonly text: string;
	readonly quantity: Quantity;
	/** Its value in a report. NaN if nothing was measured. */
	measure(report: LoadReport): number;
	/** Whether the value meets the condition. NaN does not. */
	holds(value: number): boolean;
}

/**
 * Parses `p99<50ms,errors<0.1%`.
 *
 * @throws CommandError that points at what is wrong.
 */
export function parseAssertions(text: string): Assertion[] {
	let start = 0;
	return text.split(",").map((part) => {
		const assertion = new AssertionReader(text, part, start).read();
		start += part.length + 1;
		return assertion;
	});
}

/** Parses one condition, piece by piece. */
class AssertionReader {
	readonly #whole: string;
	readonly #part: string;
	readonly #start: number;
	#offset = 0;

	/** @param start Where the part begins in the whole. */
	constructor(whole: string, part: string, start: number) {
		this.#whole = whole;
		this.#part = part;
		this.#start = start;
	}

	read(): Assertion {
		const name = this.#take(/[a-z][a-z0-9.]*/iy, `one of ${metrics} is expected`);
		const nameAt = this.#offset - name.length;
		const measure = measureOf(name);
		if (measure === undefined) throw this.#wrong(`there is no ${name}; there are ${metrics}`, nameAt);
		const comparison = this.#take(/<=|>=|<|>|=/y, "one of <, <=, >, >=, = is expected");
		const number = this.#take(/\d+(?:\.\d+)?/y, "a number is expected");
		const unitAt = this.#offset;
		const unit = this.#take(/[a-zµ%/]*/iy, "");
		const { quantity, factor } = this.#unitOf(name, unit, unitAt);
		this.#take(/$/y, "a comma or the end is expected");
		const compare = comparisons[comparison as keyof typeof comparisons];
		const limit = Number(number) * factor;
		return {
			text: this.#part.trim(),
			quantity,
			measure: (report) => measure(report, quantity),
			holds: (value) => compare(value, limit),
		};
	}

	#unitOf(name: string, unit: string, at: number): { quantity: Quantity; factor: number } {
		if (name === "errors") {
			if (unit === "%") return { quantity: "percent", factor: 1 };
			if (unit === "") return { quantity: "count", factor: 1 };
			throw this.#wrong("errors are a share such as 0.1%, or a number", at);
		}
		if (name === "rate") {
			if (unit === "" || unit === "/s") return { quantity: "per second", factor: 1 };
			throw this.#wrong("a rate is a number of calls a second, such as 500 or 500/s", at);
		}
		const factor = Object.hasOwn(latencyUnits, unit) ? latencyUnits[unit] : undefined;
		if (factor === undefined) throw this.#wrong("a latency needs a unit: us, ms or s", at);
		return { quantity: "milliseconds", factor };
	}

	/** Takes the next piece, after any blanks. */
	#take(pattern: RegExp, expected: string): string {
		while (this.#part[this.#offset] === " ") this.#offset++;
		pattern.lastIndex = this.#offset;
		const found = pattern.exec(this.#part)?.[0];
		if (found === undefined) throw this.#wrong(expected, this.#offset);
		this.#offset += found.length;
		return found;
	}

	#wrong(what: string, at: number): CommandError {
		const column = this.#start + at;
		return usageError(`--assert is wrong at column ${column + 1}: ${what}.`, [
			`  ${this.#whole}`,
			`  ${" ".repeat(column)}^`,
		]);
	}
}

/** Returns how to read a metric from a report, or undefined if no metric has that name. */
function measureOf(name: string): ((report: LoadReport, quantity: Quantity) => number) | undefined {
	if (name === "errors") {
		return ({ failed, calls }, quantity) => (quantity === "percent" ? (failed / calls) * 100 : failed);
	}
	if (name === "rate") return ({ succeededPerSecond }) => succeededPerSecond;
	if (name === "min" || name === "mean" || name === "max") return ({ latency }) => latency[name];
	const percent = Number(/^p(\d+(?:\.\d+)?)$/.exec(name)?.[1] ?? Number.NaN);
	if (!(percent > 0 && percent <= 100)) return undefined;
	return ({ latency }) => latency.percentile(percent);
}

import { durationForm, parseDuration } from "../text/duration.ts";
import type { Words } from "./command.ts";
import { usageError } from "./command-error.ts";

/** The milliseconds of an option such as `--timeout 2s`. Undefined if it was not given. */
export function durationOption(words: Words, name: string): number | undefined {
	const text = words.value(name);
	if (text === undefined) return undefined;
	const milliseconds = parseDuration(text);
	if (milliseconds !== undefined) return milliseconds;
	throw usageError(`--${name} takes ${durationForm}, not ${JSON.stringify(text)}.`);
}

/**
 * The number of an option such as `--rate 500`. Undefined if it was not given.
 *
 * @param most the largest allowed number.
 */
export function numberOption(
	words: Words,
	name: string,
	kind: "whole" | "any",
	most: number,
): number | undefined {
	const text = words.value(name);
	if (text === undefined) return undefined;
	const form = kind === "whole" ? /^\d+$/ : /^\d+(\.\d+)?$/;
	const number = Number(text);
	if (form.test(text) && number > 0 && number <= most) return number;
	const what = kind === "whole" ? "a whole number" : "a number";
	throw usageError(`--${name} takes ${what} above 0, at most ${most}, not ${JSON.stringify(text)}.`);
}

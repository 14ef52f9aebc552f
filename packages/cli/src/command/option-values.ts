import { durationForm, parseDuration } from "../text/duration.ts";
import type { Words } from "./command.ts";
import { usageError } from "./command-error.ts";

/** The milliseconds of an option such as `--timeout 2s`; undefined when it was not given. */
export function durationOption(words: Words, name: string): number | undefined {
	const text = words.value(name);
	if (text === undefined) return undefined;
	const milliseconds = parseDuration(text);
	if (milliseconds !== undefined) return milliseconds;
	throw usageError(`--${name} takes ${durationForm}, and got ${JSON.stringify(text)}.`);
}

/** The number of an option such as `--rate 500`; undefined when it was not given. */
export function numberOption(words: Words, name: string, kind: "whole" | "any"): number | undefined {
	const text = words.value(name);
	if (text === undefined) return undefined;
	const form = kind === "whole" ? /^\d+$/ : /^\d+(\.\d+)?$/;
	if (form.test(text) && Number(text) > 0) return Number(text);
	const what = kind === "whole" ? "a whole number above 0" : "a number above 0";
	throw usageError(`--${name} takes ${what}, and got ${JSON.stringify(text)}.`);
}

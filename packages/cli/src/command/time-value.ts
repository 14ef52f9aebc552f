import { durationForm, parseDuration } from "../text/duration.ts";
import type { Words } from "./command.ts";
import { usageError } from "./command-error.ts";

/** The form that {@link parseIsoTime} reads, for messages. */
export const isoForm = "a time such as 2026-11-26T08:00:00Z";

/** A time in ISO 8601. Undefined if the text is not one. */
export function parseIsoTime(text: string): Date | undefined {
	if (!/^\d{4}-\d\d-\d\d/.test(text)) return undefined;
	const time = new Date(text);
	return Number.isNaN(time.getTime()) ? undefined : time;
}

/** A time in ISO 8601, or an age such as `10m`, which means that long ago. Undefined for other texts. */
export function parseTime(text: string, now: number = Date.now()): Date | undefined {
	const ago = parseDuration(text);
	return ago === undefined ? parseIsoTime(text) : new Date(now - ago);
}

/** The place from which to read: `start`, `now` or a time. Undefined if the option was not given. */
export function placeOption(words: Words, name: string): "start" | "now" | Date | undefined {
	const text = words.value(name);
	if (text === undefined || text === "start" || text === "now") return text;
	const time = parseTime(text);
	if (time !== undefined) return time;
	throw usageError(
		`--${name} takes start, now, ${isoForm}, or how long ago: ${durationForm}; not ${JSON.stringify(text)}.`,
	);
}

import { durationForm, parseDuration } from "../text/duration.ts";
import type { Words } from "./command.ts";
import { usageError } from "./command-error.ts";

/** What {@link parseIsoTime} takes, for messages. */
export const isoForm = "a time such as 2026-11-26T08:00:00Z";

/** A time in ISO 8601; undefined for what is none. */
export function parseIsoTime(text: string): Date | undefined {
	if (!/^\d{4}-\d\d-\d\d/.test(text)) return undefined;
	const time = new Date(text);
	return Number.isNaN(time.getTime()) ? undefined : time;
}

/** A time in ISO 8601, or the time that is so long ago: `10m`. Undefined for what is neither. */
export function parseTime(text: string, now: number = Date.now()): Date | undefined {
	const ago = parseDuration(text);
	return ago === undefined ? parseIsoTime(text) : new Date(now - ago);
}

/** Where to begin to read: `start`, `now` or a time. Undefined when the option was not given. */
export function placeOption(words: Words, name: string): "start" | "now" | Date | undefined {
	const text = words.value(name);
	if (text === undefined || text === "start" || text === "now") return text;
	const time = parseTime(text);
	if (time !== undefined) return time;
	throw usageError(
		`--${name} takes start, now, ${isoForm}, or how long ago: ${durationForm}; not ${JSON.stringify(text)}.`,
	);
}

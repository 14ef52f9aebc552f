/**
 * Which durations an option takes. `any` takes every duration from 0 on, including Infinity for no limit. `positive`
 * excludes 0, for options that would never pause with it. `finite` excludes Infinity, for options that would never go
 * on with it.
 */
export type DurationKind = "any" | "positive" | "finite";

const takes: Readonly<Record<DurationKind, string>> = {
	any: "at least 0, or Infinity for no limit",
	positive: "above 0, or Infinity for never",
	finite: "at least 0, and less than Infinity",
};

/**
 * Checks the duration that an option was given, in milliseconds. Every duration passes through here where it enters,
 * and becomes a timer by `after` or `every`.
 *
 * @param option names the option in the error, such as `gracePeriodMs`, or `afterMs of hedge()`.
 * @throws RangeError for NaN, negative values, values that the kind does not take, and values that are not numbers.
 */
export function checkDuration(option: string, milliseconds: number, kind: DurationKind = "any"): number {
	if (isOfKind(milliseconds, kind)) return milliseconds;
	const given: unknown = milliseconds;
	const shown = typeof given === "string" ? JSON.stringify(given) : String(given);
	throw new RangeError(`${option} takes milliseconds, ${takes[kind]}; it was given ${shown}`);
}

function isOfKind(milliseconds: number, kind: DurationKind): boolean {
	if (typeof milliseconds !== "number" || !(milliseconds >= 0)) return false;
	if (kind === "positive") return milliseconds > 0;
	return kind === "any" || milliseconds < Number.POSITIVE_INFINITY;
}

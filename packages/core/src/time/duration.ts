/**
 * Which durations an option takes: `any` from 0 on, Infinity for no limit among them; `positive` ones, where 0
 * would never let go; `finite` ones, where without an end nothing would go on.
 */
export type DurationKind = "any" | "positive" | "finite";

const takes: Readonly<Record<DurationKind, string>> = {
	any: "at least 0, or Infinity for no limit",
	positive: "above 0, or Infinity for never",
	finite: "at least 0, and less than Infinity",
};

/**
 * The duration that an option was given, in milliseconds. Every duration passes through here where it enters, and
 * becomes a timer by `after` or `every`.
 *
 * @param option names it to whoever gave it, such as `gracePeriodMs`, or `afterMs of hedge()`.
 * @throws RangeError for NaN, what is negative, what its kind does not take, and what is no number.
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

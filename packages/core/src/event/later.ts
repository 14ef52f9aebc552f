import type { EventValue } from "../contract/event.ts";

/**
 * The same event, to be handled later. Where the broker cannot delay events, publishing it fails.
 *
 * @param when milliseconds from now, or a time.
 * @throws RangeError for a number or a date that is no time.
 * @example
 * await app.publish(later(Matches.expired({ id }), 60_000), ctx);
 */
export function later<E extends EventValue>(event: E, when: number | Date): E {
	const time = typeof when === "number" ? new Date(Date.now() + when) : when;
	if (Number.isNaN(time.getTime())) {
		throw new RangeError(`later() of ${event.type} takes milliseconds or a date, and got ${String(when)}`);
	}
	return { ...event, notBefore: time.toISOString() };
}

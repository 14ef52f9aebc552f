import type { Expecting, Waiting } from "./journal-entry.ts";

/** When a wait is over, in milliseconds since 1970. */
export function untilOf(wait: Waiting | Expecting): number {
	return wait.is === "waiting" ? Date.parse(wait.until) : Number.POSITIVE_INFINITY;
}

/** The time in so many milliseconds, as journals have it. */
export function timeIn(milliseconds: number): string {
	return new Date(Math.ceil(Date.now() + milliseconds)).toISOString();
}

import type { Expecting, StepKind, Waiting } from "./journal-entry.ts";
import type { AskedStep } from "./pending-step.ts";

/** When a wait is over, in milliseconds since 1970. */
export function untilOf(wait: Waiting | Expecting): number {
	return wait.is === "waiting" ? Date.parse(wait.until) : Number.POSITIVE_INFINITY;
}

/** The time in so many milliseconds, as journals have it. */
export function timeIn(milliseconds: number): string {
	return new Date(Math.ceil(Date.now() + milliseconds)).toISOString();
}

/** The entry for a wait that begins. */
export function beginningWait({ name: step, waitMs, event }: AskedStep, kind: StepKind): Waiting | Expecting {
	if (waitMs === undefined) return { is: "expecting", step, event: event?.type ?? "" };
	const wait: Waiting = { is: "waiting", step, kind, until: timeIn(waitMs) };
	return event === undefined ? wait : { ...wait, event: event.type };
}

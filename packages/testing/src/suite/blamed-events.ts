import type { HandlingError, Which } from "@allium/core/event";

/** A parked event, as far as its blame is concerned. */
interface Parked {
	readonly id: string;
	readonly error?: HandlingError;
}

/**
 * The parked events that were in hand, alone, in two processes that were killed. No event tells whether it ended its
 * process, so a test that kills processes replays these, as an operator does. Undefined when there are none.
 */
export function blamed(items: readonly Parked[]): Which | undefined {
	const ids = items.filter(({ error }) => error?.reason === "process_ended").map(({ id }) => id);
	return ids.length === 0 ? undefined : { ids };
}

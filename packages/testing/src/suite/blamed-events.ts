import type { HandlingError, Which } from "@allium/core/event";

/** The fields of a parked event that tell its blame. */
interface Parked {
	readonly id: string;
	readonly error?: HandlingError;
}

/**
 * The parked events that were the only ones in hand in two processes that were killed. A broker cannot tell whether
 * such an event ended its process, so a test that kills processes replays them, as an operator does. Undefined if there
 * are none.
 */
export function blamed(items: readonly Parked[]): Which | undefined {
	const ids = items.filter(({ error }) => error?.reason === "process_ended").map(({ id }) => id);
	return ids.length === 0 ? undefined : { ids };
}

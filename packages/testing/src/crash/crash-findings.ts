import { keyOf, poisonKey } from "./crash-event.ts";

/** The faults that a comparison of acknowledged and handled events found. */
export interface CrashFindings {
	/** The ids that were acknowledged but never handled. */
	readonly lost: readonly string[];
	/** The ids that were first handled before an earlier id of their key. */
	readonly outOfOrder: readonly string[];
}

/**
 * Compares the acknowledged ids with the handled ones.
 *
 * @param acknowledged The ids in the order in which they were published.
 * @param first When each was first handled.
 */
export function crashFindings(
	acknowledged: readonly string[],
	first: ReadonlyMap<string, number>,
): CrashFindings {
	const lost: string[] = [];
	const outOfOrder: string[] = [];
	const latest = new Map<string, number>();
	for (const id of acknowledged) {
		const key = keyOf(id);
		if (key === poisonKey) continue;
		const time = first.get(id);
		if (time === undefined) {
			lost.push(id);
			continue;
		}
		if (time < (latest.get(key) ?? 0)) outOfOrder.push(id);
		latest.set(key, Math.max(time, latest.get(key) ?? 0));
	}
	return { lost, outOfOrder };
}

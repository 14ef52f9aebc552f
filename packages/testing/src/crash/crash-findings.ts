import { keyOf, poisonKey } from "./crash-event.ts";

/** What was found after the crashes. */
export interface CrashFindings {
	/** The ids that were acknowledged, and never handled. */
	readonly lost: readonly string[];
	/** The ids that were first handled before an earlier one of their key was. */
	readonly outOfOrder: readonly string[];
}

/**
 * Compares what was acknowledged with what was handled.
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

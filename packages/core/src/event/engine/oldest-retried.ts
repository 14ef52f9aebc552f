import type { Context } from "../../context/context.ts";
import type { Deferred } from "../group-state.ts";
import type { Cursor, Placed, TopicLog } from "../log.ts";

/**
 * When the oldest event that waits for another attempt was published, or its time if it was to be handled later, in
 * milliseconds since 1970. Undefined if none waits.
 *
 * @param deferred the deferred events of each lane.
 */
export async function oldestRetried(
	topic: TopicLog,
	deferred: ReadonlyMap<number, Iterable<Deferred>>,
	ctx: Context,
): Promise<number | undefined> {
	const places = [...deferred].flatMap(([lane, entries]) => {
		const cursor = firstRetried(entries);
		return cursor === undefined ? [] : [{ lane, cursor }];
	});
	if (places.length === 0) return undefined;
	const times = (await topic.get(places, ctx)).flatMap(timeOf);
	return times.length === 0 ? undefined : Math.min(...times);
}

/** Of two cursors of a lane, the greater is the later one. */
function firstRetried(entries: Iterable<Deferred>): Cursor | undefined {
	let first: Cursor | undefined;
	for (const { due, cursor } of entries) {
		if (due !== "parked" && (first === undefined || cursor < first)) first = cursor;
	}
	return first;
}

/** Not only Allium writes to logs: a time may be none. */
function timeOf(placed: Placed | undefined): readonly number[] {
	if (placed === undefined) return [];
	const { time, notBefore = time } = placed.event;
	const since = Math.max(Date.parse(time), Date.parse(notBefore));
	return Number.isNaN(since) ? [] : [since];
}

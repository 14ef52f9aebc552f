import type { Context } from "@allium/core";
import type { Cursor, ParkedEvent, Placed, TopicLog } from "@allium/core/event";

/** How many events wait behind a parked one. */
export interface Waiting {
	readonly count: number;
	/** True if the count has reached its bound, so that more events may wait. */
	readonly more: boolean;
}

/** The most events of a key that are read to be counted, in pages of a bounded size. */
const most = { events: 1_000, bytes: 4 * 1024 * 1024, pages: 16 };

/**
 * Counts the later events of the key that a parked event holds. They wait for it, and lie in the log only.
 *
 * @param handles the events that the group handles, by name. Default: all.
 */
export async function waitingBehind(
	topic: TopicLog,
	{ key, lane, cursor }: ParkedEvent,
	handles: ReadonlySet<string> | undefined,
	ctx: Context,
): Promise<Waiting> {
	if (key === undefined) return { count: 0, more: false };
	const isWaiting = ({ event: { type, notBefore }, fault }: Placed): boolean =>
		fault === undefined &&
		notBefore === undefined &&
		(handles === undefined || handles.has(type.slice(topic.topic.length + 1)));
	let [after, count, left]: [Cursor, number, number] = [cursor, 0, most.events];
	for (let page = 0; page < most.pages && left > 0; page++) {
		const bounds = { events: left, bytes: most.bytes, key };
		const { events, next } = await topic.read(new Map([[lane, after]]), bounds, ctx);
		count += events.filter(isWaiting).length;
		left -= events.length;
		const reached = events.at(-1)?.cursor ?? next.get(lane) ?? after;
		// A page may be empty because it only passed over events of other keys.
		if (events.length === 0 && reached <= after) return { count, more: false };
		after = reached;
	}
	return { count, more: true };
}

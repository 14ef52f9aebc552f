import type { Context } from "@allium/core";
import type { Cursor, Deferred, GroupReport, GroupStore, Placed, TopicLog } from "@allium/core/event";

/** The sources of {@link oldestRetried}. */
export interface OldestRetriedSources {
	readonly topic: TopicLog;
	readonly store: GroupStore;
	readonly lanes: GroupReport["lanes"];
}

/**
 * The age of the oldest event that waits for another attempt, in milliseconds: since it was published, or since its
 * time if it was to be handled later. 0 if there is none.
 */
export async function oldestRetried(
	{ topic, store, lanes }: OldestRetriedSources,
	ctx: Context,
): Promise<number> {
	const firsts = await Promise.all(
		lanes.map(async ({ lane }) => ({ lane, cursor: firstRetried(await store.deferred(lane, ctx)) })),
	);
	const places = firsts.flatMap(({ lane, cursor }) => (cursor === undefined ? [] : [{ lane, cursor }]));
	const ages = (await topic.get(places, ctx)).map((placed) => (placed === undefined ? 0 : ageOf(placed)));
	return Math.max(0, ...ages);
}

/** Of two cursors of a lane, the greater is the later one. */
function firstRetried(deferred: readonly Deferred[]): Cursor | undefined {
	return deferred
		.filter(({ due }) => due !== "parked")
		.map(({ cursor }) => cursor)
		.sort()[0];
}

/** Not only Allium writes to logs: a time may be none. */
function ageOf({ event: { time, notBefore = time } }: Placed): number {
	const since = Math.max(Date.parse(time), Date.parse(notBefore));
	return Number.isNaN(since) ? 0 : Date.now() - since;
}

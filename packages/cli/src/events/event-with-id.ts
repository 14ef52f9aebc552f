import type { Cursors, Placed, TopicLog } from "@allium/core/event";
import type { OpenedBroker } from "../broker/opened-broker.ts";

/** How much is read at once. */
const page = { events: 1_000, bytes: 8 * 1024 * 1024 };

/** How far the clocks of publishers may be off, in milliseconds. */
const skewMs = 60 * 60 * 1000;

/**
 * Searches a topic for the event with an id, by the index of its log. A log without one is read. The ids of the runtime
 * contain the time at which they were made, which shortens the search.
 */
export async function eventWithId(
	opened: OpenedBroker,
	topic: TopicLog,
	id: string,
): Promise<Placed | undefined> {
	const find = topic.find?.bind(topic);
	if (find !== undefined) return opened.ask((ctx) => find(id, ctx));
	const madeAt = timeOf(id);
	const near =
		madeAt === undefined ? undefined : await searched(opened, topic, id, new Date(madeAt - skewMs));
	return near ?? searched(opened, topic, id, "start");
}

async function searched(
	opened: OpenedBroker,
	topic: TopicLog,
	id: string,
	from: "start" | Date,
): Promise<Placed | undefined> {
	let cursors: Cursors = await opened.ask((ctx) => topic.at(from, ctx));
	for (;;) {
		const { events, next } = await opened.ask((ctx) => topic.read(cursors, page, ctx));
		const found = events.find(({ event }) => event.id === id);
		if (found !== undefined || events.length === 0) return found;
		cursors = next;
	}
}

/** When a UUID of version 7 was made, in milliseconds since 1970. Undefined for other ids. */
function timeOf(id: string): number | undefined {
	const [, high, low] = /^([\da-f]{8})-([\da-f]{4})-7[\da-f]{3}-[\da-f]{4}-[\da-f]{12}$/i.exec(id) ?? [];
	return high === undefined ? undefined : Number.parseInt(`${high}${low}`, 16);
}

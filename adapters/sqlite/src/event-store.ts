import type { EventStore } from "@allium/core/store";
import type { SqliteEventStoreOptions } from "./sqlite-event-store.ts";

/**
 * The event store of one machine: the file `events.db` in the folder that the URL names (see `dataFolder`). It is the
 * file of `broker`, too: an event that is appended to a stream is in the topic that the broker's subscribers read, by
 * the same transaction. All processes that use the same folder share it. Appended events are safe from a power cut once
 * `append` resolves. The appends of one turn of the event loop share a transaction and its wait for the disk. The
 * progress of groups that work on its log is in `groups.db`, as for the broker.
 *
 * The topic of a stream keeps all its events. A topic that was created with a bound loses it with the first append to a
 * stream.
 *
 * @throws ServiceError `invalid_argument` for a URL of another form. The operations reject with `failed_precondition`
 * when the folder or the file cannot be used, and with `unavailable` when the disk is full or other
 * processes held the file for too long.
 * @example
 * const store = await eventStore("sqlite:");
 * await store.append([{ stream: "account/a1", topic: "account", expected: "none", events: [opened] }], ctx);
 */
export async function eventStore(url: string, options: SqliteEventStoreOptions = {}): Promise<EventStore> {
	const { sqliteEventStore } = await import("./sqlite-event-store.ts");
	return sqliteEventStore(url, options);
}

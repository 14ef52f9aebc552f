import { type EventRecord, eventText, laneOf } from "@allium/core/event";
import type { EventRow } from "./append-queue.ts";
import { indexedText } from "./stored-text.ts";
import { keyHash } from "./topic-reading.ts";
import type { TopicRow } from "./topic-row.ts";

/**
 * An event as a row of its topic.
 *
 * @throws ServiceError `resource_exhausted`, reason `event_too_large`.
 */
export function eventRow(event: EventRecord, { id: topic, lanes }: TopicRow, maxBytes: number): EventRow {
	const text = eventText(event, maxBytes);
	const { id, key } = event;
	return {
		topic,
		lane: laneOf(event, lanes),
		id: indexedText(id),
		key: key === undefined ? undefined : indexedText(key),
		keyHash: key === undefined ? undefined : keyHash(key),
		text,
		bytes: Buffer.byteLength(text),
	};
}

import { type EventRecord, eventText } from "@allium/core/event";
import type { NewEvent } from "./event-tables.ts";

/**
 * An event that is to be added, with its text.
 *
 * @throws ServiceError `resource_exhausted`, reason `event_too_large`, when the text is longer than `maxBytes`.
 */
export function newEvent(event: EventRecord, maxBytes: number): NewEvent {
	const text = eventText(event, maxBytes);
	return { event, text, bytes: Buffer.byteLength(text) };
}

import type { Append } from "@allium/core/store";
import { newEvent } from "./new-event.ts";
import type { NewPart } from "./stream-appends.ts";

/** @throws ServiceError `resource_exhausted`, reason `event_too_large`, when a text is longer than `maxBytes`. */
export function newPart(part: Append, maxBytes: number): NewPart {
	return { ...part, added: part.events.map((event) => newEvent(event, maxBytes)) };
}

import { parseEvent } from "./event-text.ts";
import type { Cursor, Placed } from "./log.ts";

/** The place of a text, and its length in bytes. */
export interface TextPlace {
	readonly lane: number;
	readonly cursor: Cursor;
	readonly bytes: number;
}

/** The event that a log's text holds. A text that is no event is told with the reason, so that it is parked and not lost. */
export function placedText(text: string, { lane, cursor, bytes }: TextPlace): Placed {
	const event = parseEvent(text);
	if (!("fault" in event)) return { event, lane, cursor, bytes };
	const id = `fault-${lane}-${cursor}`;
	const stand = { id, type: "", version: 1, source: "", time: "", correlationId: id };
	return { event: { ...stand, data: text }, lane, cursor, bytes, fault: event.fault };
}

import type { EventRecord } from "../event/event-record.ts";
import { eventText, parseEvent } from "../event/event-text.ts";
import { dataText } from "../json/stable-json.ts";

/**
 * Whether a log's text holds this event. The time, the trace and the metadata make no difference: they belong to the
 * attempt and not to the event.
 */
export function isSameEvent(text: string, event: EventRecord): boolean {
	return essence(text) === essence(eventText(event, Number.POSITIVE_INFINITY));
}

/**
 * The part of an event that is compared. Both sides are read from text, so that a change that JSON makes to data counts
 * as no difference.
 */
function essence(text: string): string | undefined {
	const event = parseEvent(text);
	if ("fault" in event) return undefined;
	const { time, traceparent, tracestate, metadata, data, ...rest } = event;
	return JSON.stringify(Object.entries(rest).sort()) + dataText(data);
}

import {
	type Cursor,
	cursorAt,
	type EventRecord,
	eventText,
	type Placed,
	placedText,
} from "@allium/core/event";
import { headers, type MsgHdrs } from "@nats-io/transport-node";
import { keyPart } from "../registry-keys.ts";
import type { StoredMessage } from "./event-stream.ts";
import { laneOfSubject } from "./topic-subjects.ts";

/** The header by which the server knows a message again. */
const idHeader = "Nats-Msg-Id";
/** The bytes of the largest message that are reserved for headers: for the id, and for the headers of a batch. */
export const headerBytes = 512;
/** Ids as headers carry them. All others are written as parts of keys are. */
const plainId = /^[!-~]{1,200}$/;
const decoder = new TextDecoder();

/** An event as the log stores it. */
export interface EventMessage {
	readonly text: string;
	/** The id by which the server recognizes a duplicate. */
	readonly id: string;
}

/** @throws ServiceError `resource_exhausted`, reason `event_too_large`, when its text is longer than `maxBytes`. */
export function eventMessage(event: EventRecord, maxBytes: number): EventMessage {
	return { text: eventText(event, maxBytes), id: plainId.test(event.id) ? event.id : keyPart(event.id) };
}

export function eventHeaders({ id }: EventMessage): MsgHdrs {
	const made = headers();
	made.set(idHeader, id);
	return made;
}

/** The cursor of an event that was added. It names the text, so that another event at the same place has another one. */
export function publishedCursor(sequence: number, { text }: EventMessage): Cursor {
	return cursorAt(sequence, text);
}

/** The cursor of a stored message. */
export function cursorOf({ sequence, data }: StoredMessage): Cursor {
	return cursorAt(sequence, decoder.decode(data));
}

export function placedMessage({ subject, data, sequence }: StoredMessage): Placed {
	const text = decoder.decode(data);
	const cursor = cursorAt(sequence, text);
	return placedText(text, { lane: laneOfSubject(subject), cursor, bytes: data.length });
}

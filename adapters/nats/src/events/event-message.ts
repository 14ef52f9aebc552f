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
/** What headers may take of the largest message, in bytes: the id, and those of a batch. */
export const headerBytes = 512;
/** Ids as headers carry them. All others are written as parts of keys are. */
const plainId = /^[!-~]{1,200}$/;
const decoder = new TextDecoder();

/** An event as the log stores it. */
export interface EventMessage {
	readonly text: string;
	/** By what the server knows it again. */
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

/** The cursor of an event that was published. */
export function publishedCursor(sequence: number, { id }: EventMessage): Cursor {
	return cursorAt(sequence, id);
}

/** The cursor of a stored message. Messages of strangers may have no id. */
export function cursorOf({ sequence, headers, data }: StoredMessage): Cursor {
	const id = headers?.get(idHeader) ?? "";
	return cursorAt(sequence, id === "" ? decoder.decode(data) : id);
}

export function placedMessage(message: StoredMessage): Placed {
	const { subject, data } = message;
	const place = { lane: laneOfSubject(subject), cursor: cursorOf(message), bytes: data.length };
	return placedText(decoder.decode(data), place);
}

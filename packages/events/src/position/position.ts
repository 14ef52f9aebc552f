import { ServiceError } from "@allium/core";
import type { Cursor, Receipt } from "@allium/core/event";

/** The place of an event that a command appended. A reply carries it, so that a later read can wait for the event. */
export interface Position {
	/** The identity of the log: see `EventStore.identity`. Positions of two logs have nothing to do with one another. */
	readonly log: string;
	readonly topic: string;
	readonly lane: number;
	/** The id of the event. */
	readonly id: string;
	/** The key that orders the event: the id of its stream. */
	readonly key?: string;
	/** Undefined if the log assigns places later: `TopicLog.place` then waits for the place. */
	readonly cursor?: Cursor;
}

/** The receipt of the event at a position, as `TopicLog.place` takes it. */
export function receiptAt({ id, lane, cursor }: Position): Receipt {
	return { id, lane, cursor, duplicate: false };
}

/** A position as text, of printable ASCII: its parts percent-encoded, with ";" between them. */
export function positionText({ log, topic, lane, id, cursor = "", key = "" }: Position): string {
	return [log, topic, String(lane), id, cursor, key].map(encodeURIComponent).join(";");
}

/**
 * Reads what {@link positionText} wrote.
 *
 * @throws ServiceError `invalid_argument`, reason `invalid_position`.
 */
export function parsePosition(text: string): Position {
	const parts = decoded(text);
	const [log, topic, number, id, cursor, key] = parts;
	const lane = /^\d{1,9}$/.test(number ?? "") ? Number(number) : undefined;
	if (parts.length !== 6 || !log || !topic || lane === undefined || !id) throw invalidPosition(text);
	return { log, topic, lane, id, ...(cursor && { cursor }), ...(key && { key }) };
}

function decoded(text: string): readonly string[] {
	try {
		return text.split(";").map(decodeURIComponent);
	} catch {
		return [];
	}
}

function invalidPosition(text: string): ServiceError {
	return new ServiceError({
		code: "invalid_argument",
		reason: "invalid_position",
		message: `${JSON.stringify(text.slice(0, 200))} is no position; pass on what a reply had under allium-position, unchanged`,
	});
}

/**
 * Whether a reader at a place in the position's lane has passed it.
 *
 * @param position one with a cursor.
 */
export function isPassed(position: Position & { readonly cursor: Cursor }, reader: Cursor): boolean {
	return reader >= position.cursor;
}

/**
 * Refuses a position of another log than the reader's: it would never be reached.
 *
 * @param identity the identity of the reader's log.
 * @param reader the name of the reader, for the message.
 * @throws ServiceError `failed_precondition`, reason `other_log`.
 */
export function checkLog(position: Position, identity: string, reader: string): void {
	if (position.log === identity) return;
	throw new ServiceError({
		code: "failed_precondition",
		reason: "other_log",
		message: `${reader} reads the log ${identity}, and was asked to wait for a position in the log ${position.log}; both services have to use one event store`,
	});
}

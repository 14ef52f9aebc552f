import { type GroupId, type HandlingError, type ParkedEvent, placedText } from "@allium/core/event";
import type { HeaderFields } from "rabbitmq-client";
import type { Names } from "./names.ts";
import type { OutgoingMessage } from "./outbox.ts";

const prefix = "x-allium-";
const replayed = `${prefix}replayed`;

/** A parked event, with the reason why it was parked. */
export interface Parked {
	readonly lane: number;
	readonly text: string;
	readonly attempt: number;
	/** When it first failed, in milliseconds since 1970. */
	readonly since: number;
	readonly error: HandlingError;
}

/** The message that parks an event. */
export function parkedMessage(names: Names, id: GroupId, parked: Parked): OutgoingMessage {
	const { lane, text, attempt, since, error } = parked;
	const facts = { lane, attempt, since, code: error.code, reason: error.reason, message: error.message };
	const told = Object.entries(facts).filter(([, value]) => value !== undefined);
	return {
		exchange: "",
		routingKey: names.parked(id),
		text,
		headers: Object.fromEntries(told.map(([name, value]) => [prefix + name, String(value)])),
		mandatory: true,
	};
}

/** The message that has a parked event handled again. */
export function replayedMessage(
	names: Names,
	id: GroupId,
	{ lane }: ParkedEvent,
	text: string,
): OutgoingMessage {
	return {
		exchange: "",
		routingKey: names.lane(id, lane),
		text,
		headers: { [replayed]: "true" },
		mandatory: true,
	};
}

/** Whether an operator replayed the event. */
export function isReplay({ headers }: HeaderFields): boolean {
	return headers?.[replayed] === "true";
}

/** A parked event as operators see it. An event that the server itself parked has none of our headers. */
export function parkedEvent(fields: HeaderFields, text: string): ParkedEvent {
	const headers = fields.headers ?? {};
	const read = (name: string): string | undefined => {
		const value: unknown = headers[prefix + name];
		return typeof value === "string" ? value : undefined;
	};
	const queue: unknown = headers["x-first-death-queue"];
	const lane = Number(read("lane") ?? String(queue).split("/").at(-1));
	const { event } = placedText(text, { lane, cursor: "", bytes: Buffer.byteLength(text) });
	const reason = read("reason");
	return {
		id: `e:${event.id}`,
		...(event.key !== undefined && { key: event.key }),
		cursor: event.id,
		attempt: Number(read("attempt") ?? headers["x-delivery-count"] ?? 0),
		due: "parked",
		since: Number(read("since") ?? 0),
		error: {
			code: read("code") ?? "aborted",
			...(reason !== undefined && { reason }),
			message: read("message") ?? "its lane was given back too often while it was in it; do processes crash?",
		},
		lane: Number.isInteger(lane) ? lane : 0,
		event,
	};
}

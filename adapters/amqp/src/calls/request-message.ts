import type { ReadonlyMetadata } from "@allium/core";
import type { AsyncMessage, Envelope } from "rabbitmq-client";
import { addMetadata, newHeaders, readMetadata } from "./message-headers.ts";

/** The longest that a message waits in its queue, in milliseconds, where nothing shorter is said. */
export const longestWaitMs: number = 10 * 60_000;

/** How long a call may take whose message does not say it, in milliseconds. */
const defaultTimeoutMs = 30_000;

/** The pseudo-queue of RabbitMQ whose name the server replaces by the address of the channel that publishes. */
export const ownReplyAddress = "amq.rabbitmq.reply-to";

/** No metadata has such names, as metadata is in lower case. */
const deadlineHeader = "Allium-Deadline";
const returnsHeader = "Allium-Returns";

/** The longest text that AMQP takes for a property of a message, in bytes. */
export const longestText = 255;

/** How often a message is put back for another instance at most. */
export const maxReturns = 5;

/** A call as its caller sends it. */
export interface OutgoingRequest {
	readonly queue: string;
	/** `service/method`. */
	readonly path: string;
	/** No other call has it. */
	readonly id: string;
	readonly metadata: ReadonlyMetadata;
	/** The time that is left, in milliseconds; Infinity for a call without a deadline. */
	readonly remainingMs: number;
}

/** The envelope of a request. */
export function requestEnvelope({ queue, path, id, metadata, remainingMs }: OutgoingRequest): Envelope {
	const headers = newHeaders();
	const hasDeadline = remainingMs !== Number.POSITIVE_INFINITY;
	const timeoutMs = Math.max(1, Math.ceil(remainingMs));
	// Time in the queue counts, and only a time of day means something to another machine.
	headers[deadlineHeader] = hasDeadline ? Date.now() + timeoutMs : 0;
	if (metadata.size > 0) addMetadata(headers, metadata);
	return {
		exchange: "",
		routingKey: queue,
		mandatory: true,
		type: path,
		correlationId: id,
		replyTo: ownReplyAddress,
		expiration: String(hasDeadline ? timeoutMs : longestWaitMs),
		contentType,
		contentEncoding,
		headers,
	};
}

/** The client library would parse JSON itself where no encoding is named. */
export const contentType = "application/json";
export const contentEncoding = "utf-8";

/** A call as it arrives in the queue of a service. */
export interface IncomingRequest {
	readonly path: string;
	readonly id: string;
	/** The address at which the answer is awaited. */
	readonly replyTo: string;
	readonly body: Buffer;
	/** The time that is left, in milliseconds: zero or less when it is over, and Infinity for a call without a deadline. */
	readonly remainingMs: number;
	/** How often the message was put back. */
	readonly returns: number;
	/** True if another instance got the message first and ended before it answered. */
	readonly redelivered: boolean;
}

/** Reads a request to a service; undefined for a message that wants no answer, or wants it where no caller waits. */
export function readRequest(service: string, message: AsyncMessage): IncomingRequest | undefined {
	const { replyTo, type = "", correlationId: id = "", headers, redelivered } = message;
	// An answer sent to any other queue would be a message of this process in a place that a stranger chose.
	if (replyTo === undefined || !replyTo.startsWith(`${ownReplyAddress}.`)) return undefined;
	const path = type.includes("/") ? type : `${service}/${type}`;
	// Invalid UTF-8 was replaced by longer text, which may be too long to send back.
	if ([path, id, replyTo].some((text) => Buffer.byteLength(text) > longestText)) return undefined;
	const returns = Number(headers?.[returnsHeader] ?? 0);
	return {
		path,
		id,
		replyTo,
		body: bytesOf(message),
		remainingMs: remainingOf(message),
		returns: Number.isSafeInteger(returns) && returns > 0 ? returns : 0,
		redelivered,
	};
}

/**
 * The metadata of a request.
 *
 * @throws ServiceError `invalid_argument` for more metadata than there may be.
 */
export function requestMetadata({ headers }: AsyncMessage): ReadonlyMetadata {
	return readMetadata(headers, (name) => name);
}

/** The envelope of a copy of a request for another instance. Its caller still waits at the same address. */
export function returnedEnvelope(
	queue: string,
	{ path, id, replyTo, remainingMs, returns }: IncomingRequest,
	metadata: ReadonlyMetadata,
	counts: boolean,
): Envelope {
	const envelope = requestEnvelope({ queue, path, id, metadata, remainingMs });
	const headers = Object.assign(newHeaders(), envelope.headers, {
		[returnsHeader]: counts ? returns + 1 : returns,
	});
	return { ...envelope, replyTo, headers };
}

function remainingOf({ headers, expiration }: AsyncMessage): number {
	const limit = /^\d{1,10}$/.test(expiration ?? "") ? Number(expiration) : defaultTimeoutMs;
	const deadline: unknown = headers?.[deadlineHeader];
	if (typeof deadline !== "number") return limit;
	// The message would have expired if it had waited for longer. That holds regardless of the clocks.
	return deadline === 0 ? Number.POSITIVE_INFINITY : Math.min(limit, deadline - Date.now());
}

/** The client library parses messages that strangers send as JSON or text. */
function bytesOf({ body }: AsyncMessage): Buffer {
	if (Buffer.isBuffer(body)) return body;
	return Buffer.from(typeof body === "string" ? body : (JSON.stringify(body) ?? ""));
}

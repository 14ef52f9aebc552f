import type { Context, Method, ReadonlyMetadata, ResponseMetadata, ServiceError } from "@allium/core";
import { readConnectError, toConnectError, trailerPrefix } from "@allium/core/http";
import { serviceErrorFrom } from "@allium/core/transport";
import type { AsyncMessage, Envelope } from "rabbitmq-client";
import { addMetadata, newHeaders, readMetadata } from "./message-headers.ts";
import { contentEncoding, contentType } from "./request-message.ts";

/** Says that the handler never ran. No metadata has this name, as metadata is in lower case. */
const notExecutedHeader = "Allium-Not-Executed";

/** The types of messages that answer. */
const outputType = "output";
const errorType = "error";

/** An answer that is sent. */
export interface OutgoingReply {
	readonly envelope: Envelope;
	readonly body: Buffer;
}

/** To whom an answer goes. */
export interface ReplyTarget {
	readonly id: string;
	readonly replyTo: string;
}

/** The answer with an output. */
export function outputReply(target: ReplyTarget, body: Buffer, response: ResponseMetadata): OutgoingReply {
	return { envelope: envelopeTo(target, outputType, response), body };
}

/** The answer with an error: its JSON in the form of the Connect protocol. */
export function errorReply(
	target: ReplyTarget,
	service: string,
	error: ServiceError,
	response?: ResponseMetadata,
): OutgoingReply {
	const envelope = envelopeTo(target, errorType, response, error.metadata);
	if (error.notExecuted) envelope.headers = { ...envelope.headers, [notExecutedHeader]: true };
	return { envelope, body: Buffer.from(JSON.stringify(toConnectError(error, service))) };
}

function envelopeTo(
	{ id, replyTo }: ReplyTarget,
	type: string,
	response: ResponseMetadata | undefined,
	trailers?: ReadonlyMetadata,
): Envelope {
	const headers = newHeaders();
	if (response?.hasHeaders === true) addMetadata(headers, response.headers);
	if (response?.hasTrailers === true) addMetadata(headers, response.trailers, trailerPrefix);
	if (trailers !== undefined) addMetadata(headers, trailers, trailerPrefix);
	return {
		exchange: "",
		routingKey: replyTo,
		type,
		correlationId: id,
		contentType,
		contentEncoding,
		headers,
	};
}

/** The content of an answer. */
export type IncomingReply =
	| { readonly ok: true; readonly body: Buffer }
	| { readonly ok: false; readonly error: ServiceError };

/** Reads an answer, and hands its metadata to the caller, if the caller wants it. Any message results in an answer. */
export function readReply(message: AsyncMessage, method: Method, ctx: Context): IncomingReply {
	const { type, body, headers } = message;
	if (type === outputType && Buffer.isBuffer(body)) {
		if (ctx["~received"] !== undefined) receive(message, ctx);
		return { ok: true, body };
	}
	const metadata = receive(message, ctx);
	const error = readConnectError(parsed(body), {
		method,
		code: "unknown",
		message: `the answer to ${method.path} is not one of Allium`,
		metadata,
	});
	if (headers?.[notExecutedHeader] !== true) return { ok: false, error };
	const { domain, callee } = error;
	return { ok: false, error: serviceErrorFrom(error, { notExecuted: true, domain, callee }) };
}

/** Returns the trailers. */
function receive({ headers }: AsyncMessage, ctx: Context): ReadonlyMetadata {
	const isTrailer = (name: string): boolean => name.startsWith(trailerPrefix);
	const trailers = readMetadata(headers, (name) =>
		isTrailer(name) ? name.slice(trailerPrefix.length) : undefined,
	);
	const received = ctx["~received"];
	if (received !== undefined) {
		received["~receive"](
			"headers",
			readMetadata(headers, (name) => (isTrailer(name) ? undefined : name)),
		);
		received["~receive"]("trailers", trailers);
	}
	return trailers;
}

function parsed(body: unknown): unknown {
	if (!Buffer.isBuffer(body)) return body;
	try {
		return JSON.parse(body.toString());
	} catch {
		return undefined;
	}
}

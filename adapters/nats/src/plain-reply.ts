import type { ReadonlyMetadata, ResponseMetadata, ServiceError } from "@allium/core";
import {
	headerValue,
	httpStatus,
	isProtocolHeader,
	toConnectError,
	trailerPrefix,
	unaryType,
} from "@allium/core/http";
import { headers, type MsgHdrs } from "@nats-io/transport-node";

/** The reply to a request of a NATS client. */
export interface PlainReply {
	readonly body: Uint8Array;
	readonly headers: MsgHdrs;
}

const encoder = new TextEncoder();

/** The reply with an output. */
export function outputReply(output: string | Uint8Array, response: ResponseMetadata): PlainReply {
	const body = typeof output === "string" ? encoder.encode(output) : output;
	return { body, headers: headersOf(response) };
}

/**
 * The reply with an error: its JSON in the form of the Connect protocol. Two headers say the same in the terms of NATS
 * services, which clients and the command `nats` know: `Nats-Service-Error`, the message, and `Nats-Service-Error-Code`,
 * the status that HTTP has for the code.
 */
export function errorReply(error: ServiceError, service: string, response: ResponseMetadata): PlainReply {
	const all = headersOf(response);
	if (error.metadata !== undefined) addMetadata(all, error.metadata, trailerPrefix);
	all.set("Nats-Service-Error", error.message.replaceAll(/[\r\n]+/g, " "));
	all.set("Nats-Service-Error-Code", String(httpStatus(error.code)));
	return { body: encoder.encode(JSON.stringify(toConnectError(error, service))), headers: all };
}

function headersOf(response: ResponseMetadata): MsgHdrs {
	const all = headers();
	all.set("content-type", unaryType);
	if (response.hasHeaders) addMetadata(all, response.headers);
	if (response.hasTrailers) addMetadata(all, response.trailers, trailerPrefix);
	return all;
}

function addMetadata(all: MsgHdrs, metadata: ReadonlyMetadata, prefix = ""): void {
	for (const [name, value] of metadata) {
		if (!isProtocolHeader(name)) all.append(prefix + name, headerValue(value));
	}
}

import type { EncodedMessage } from "../codec/codec.ts";
import { noMetadata } from "../context/metadata.ts";
import type { ResponseMetadata } from "../context/response.ts";
import { ServiceError } from "../errors/service-error.ts";
import type { Stream } from "./stream.ts";
import { beginEnd } from "./wire/end-frame.ts";
import { beginError } from "./wire/error-frame.ts";
import { beginResponse } from "./wire/response-frame.ts";

/**
 * Sends the head of a reply, with a message behind it that fits, if any.
 *
 * @param room the space that the message takes at most, in bytes.
 */
export function sendHead(
	{ id, connection }: Stream,
	response: ResponseMetadata,
	flags: number,
	body: EncodedMessage | undefined,
	room: number,
): void {
	const headers = response.hasHeaders ? response.headers : noMetadata;
	beginResponse(connection.batch.writer, flags, id, headers, room);
	connection.queue.finishHead(body);
}

/** Sends the end of a reply. */
export function sendEnd({ id, connection }: Stream, response: ResponseMetadata): void {
	const trailers = response.hasTrailers ? response.trailers : noMetadata;
	beginEnd(connection.batch.writer, id, trailers);
	connection.queue.finishHead(undefined);
}

/**
 * Sends the error that ends a call. Trailers that the handler wrote go out with it, unless the error has metadata of
 * its own.
 */
export function sendError(
	{ id, connection }: Stream,
	response: ResponseMetadata,
	error: ServiceError,
	path: string,
): void {
	beginError(connection.batch.writer, id, withTrailers(error, response), path);
	connection.queue.finishHead(undefined);
}

function withTrailers(error: ServiceError, response: ResponseMetadata): ServiceError {
	if (!response.hasTrailers || error.metadata !== undefined) return error;
	return Object.assign(new ServiceError({ ...error, message: error.message, metadata: response.trailers }), {
		notExecuted: error.notExecuted,
		domain: error.domain,
	});
}

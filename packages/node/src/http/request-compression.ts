import type { EncodedMessage } from "@allium/core";
import { type Compression, compressedFlag } from "@allium/core/http";
import { writeEnvelope } from "./envelope.ts";

/** Shorter messages are not compressed, in bytes: compression would take more time than it saves. */
const leastBytes = 1024;

/**
 * The body of a request with one message, compressed where that pays.
 *
 * @param headers receives the headers that name the compression, and that allow the answer to be compressed, too.
 */
export function unaryBody(
	message: EncodedMessage,
	headers: string[],
	compression: Compression | undefined,
): EncodedMessage {
	if (compression === undefined) return message;
	headers.push("accept-encoding", compression.name);
	if (message.length < leastBytes) return message;
	headers.push("content-encoding", compression.name);
	return deflated(message, compression);
}

/** Declares that the messages of a stream may be compressed in both directions. */
export function acceptCompressed(headers: string[], { name }: Compression): void {
	headers.push("connect-accept-encoding", name, "connect-content-encoding", name);
}

/** One message of a stream in its envelope, compressed if that pays. */
export function messageEnvelope(message: EncodedMessage, compression: Compression | undefined): Buffer {
	if (compression === undefined || message.length < leastBytes) return writeEnvelope(0, message);
	return writeEnvelope(compressedFlag, deflated(message, compression));
}

function deflated(message: EncodedMessage, compression: Compression): Uint8Array {
	return compression.deflate(typeof message === "string" ? Buffer.from(message) : message);
}

import type { EncodedMessage } from "@allium/core";
import { type Compression, compressedFlag } from "@allium/core/http";
import { writeEnvelope } from "./envelope.ts";

/** Shorter messages are not compressed, in bytes: it takes more time than it saves. */
const leastBytes = 1024;

/**
 * The body of a request with one message, compressed where that pays.
 *
 * @param headers gets the headers that say so, and that the answer may be compressed, too.
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

/** Says of a request with a stream that messages of both sides may be compressed. */
export function acceptCompressed(headers: string[], { name }: Compression): void {
	headers.push("connect-accept-encoding", name, "connect-content-encoding", name);
}

/** One message of a stream in its envelope, compressed where that pays. */
export function messageEnvelope(message: EncodedMessage, compression: Compression | undefined): Buffer {
	if (compression === undefined || message.length < leastBytes) return writeEnvelope(0, message);
	return writeEnvelope(compressedFlag, deflated(message, compression));
}

function deflated(message: EncodedMessage, compression: Compression): Uint8Array {
	return compression.deflate(typeof message === "string" ? Buffer.from(message) : message);
}

import type { Codec, EncodedMessage } from "../../codec/codec.ts";
import { decodeMessage, readMessage } from "../../transport/message-text.ts";
import type { ByteHandling } from "../../transport/pipe.ts";
import { maxFragmentBytes } from "./frame.ts";

/** The space that a body takes at most, in bytes. It is exact only where it decides whether one fragment is enough. */
export function bodyRoom(handling: ByteHandling, body: EncodedMessage): number {
	if (typeof body !== "string") return body.length;
	const most = body.length * 3;
	return most <= maxFragmentBytes || body.length > maxFragmentBytes ? most : handling.byteLength(body);
}

/** Whether a body is larger than a limit, in bytes. Counts the bytes of a text only where its length leaves that open. */
export function exceeds(handling: ByteHandling, body: EncodedMessage, limit: number): boolean {
	if (typeof body !== "string") return body.length > limit;
	return body.length * 3 > limit && handling.byteLength(body) > limit;
}

/** The body as bytes. */
export function bodyBytes(handling: ByteHandling, body: EncodedMessage): Uint8Array {
	if (typeof body !== "string") return body;
	const bytes = handling.allocate(body.length * 3);
	return bytes.subarray(0, handling.writeText(bytes, body, 0));
}

/**
 * Reads a whole message for a codec. Bytes are copied, as a message that waits would otherwise keep the memory of
 * everything that arrived with it.
 */
export function readBody(
	codec: Codec,
	handling: ByteHandling,
	source: Uint8Array,
	start: number,
	end: number,
): EncodedMessage {
	if (codec.binary) return new Uint8Array(source.subarray(start, end));
	return readMessage(handling, source, start, end);
}

/**
 * Decodes what {@link readBody} read.
 *
 * @throws ServiceError `invalid_argument` for a message that the codec cannot read.
 */
export function decodeBody(codec: Codec, body: EncodedMessage): unknown {
	if (typeof body === "string") {
		if (!codec.binary) return decodeMessage(codec, body);
	} else if (codec.binary) return codec.decode(body);
	throw new TypeError(`a body for the codec ${codec.name} has the wrong type`);
}

/**
 * Reads and decodes a message at once, without a copy.
 *
 * @throws ServiceError `invalid_argument` for a message that the codec cannot read.
 */
export function decodeFrom(
	codec: Codec,
	handling: ByteHandling,
	source: Uint8Array,
	start: number,
	end: number,
): unknown {
	if (codec.binary) return codec.decode(source.subarray(start, end));
	return decodeMessage(codec, readMessage(handling, source, start, end));
}

import type { Codec, TextCodec } from "../codec/codec.ts";
import { ServiceError } from "../errors/service-error.ts";
import type { ByteHandling } from "./pipe.ts";

const strict = new TextDecoder("utf-8", { fatal: true });

/** Stands for a message that is not UTF-8. No text codec has such a message, because JSON cannot begin so. */
const malformed = "\ufffd";

/**
 * Reads a message of a text codec. A message that is not UTF-8 is refused when it is decoded, so the fault concerns
 * only its own call. Malformed bytes become U+FFFD, so most messages need no second look.
 */
export function readMessage(bytes: ByteHandling, source: Uint8Array, start: number, end: number): string {
	const text = bytes.readText(source, start, end);
	if (!text.includes(malformed)) return text;
	try {
		strict.decode(source.subarray(start, end));
		return text;
	} catch {
		return malformed;
	}
}

/**
 * Decodes the text that {@link readMessage} has read.
 *
 * @throws ServiceError `invalid_argument` for a message that is not UTF-8, or the error that the codec throws.
 */
export function decodeMessage(codec: TextCodec, text: string): unknown {
	if (text !== malformed) return codec.decode(text);
	throw new ServiceError({
		code: "invalid_argument",
		reason: "unparsable",
		message: "the message is not UTF-8",
	});
}

/**
 * Decodes a message from its bytes, with a codec of either kind.
 *
 * @throws ServiceError `invalid_argument` for a text that is not UTF-8, or the error that the codec throws.
 */
export function decodeBytes(codec: Codec, bytes: ByteHandling, message: Uint8Array): unknown {
	if (codec.binary) return codec.decode(message);
	return decodeMessage(codec, readMessage(bytes, message, 0, message.length));
}

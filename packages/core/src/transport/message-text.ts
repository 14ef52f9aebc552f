import type { Codec } from "../codec/codec.ts";
import { ServiceError } from "../errors/service-error.ts";
import type { ByteHandling } from "./pipe.ts";

const strict = new TextDecoder("utf-8", { fatal: true });

/** What stands for a message that is not UTF-8: no message of a codec, for JSON cannot begin so. */
const malformed = "\ufffd";

/**
 * Reads a message. One that is not UTF-8 is refused when it is decoded, as a fault of its call alone. What was
 * malformed became U+FFFD, so that most messages need no second look.
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
 * Decodes what {@link readMessage} read.
 *
 * @throws ServiceError `invalid_argument` for what is not UTF-8, or what the codec throws.
 */
export function decodeMessage(codec: Extract<Codec, { readonly binary: false }>, text: string): unknown {
	if (text !== malformed) return codec.decode(text);
	throw new ServiceError({
		code: "invalid_argument",
		reason: "unparsable",
		message: "the message is not UTF-8",
	});
}

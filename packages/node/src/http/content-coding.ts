import { ServiceError } from "@allium/core";
import { messageTooLarge } from "@allium/core/transport";
import { zlib } from "../platform/builtins.ts";
import type { Refusal } from "./refusal.ts";

type Decode = (bytes: Uint8Array, options: { maxOutputLength: number }) => Buffer;

/** The supported encodings of bodies, by name. */
const decoders: ReadonlyMap<string, Decode> = new Map<string, Decode>([
	["gzip", (bytes, options) => zlib().gunzipSync(bytes, options)],
	["x-gzip", (bytes, options) => zlib().gunzipSync(bytes, options)],
	["deflate", (bytes, options) => zlib().inflateSync(bytes, options)],
	["br", (bytes, options) => zlib().brotliDecompressSync(bytes, options)],
]);

/** The supported encodings, as `accept-encoding` names them. */
const readEncodings = "gzip, deflate, br";

/** How HTTP answers a body whose encoding is not supported. */
export const encodingRefusal: Refusal = { status: 415, header: ["accept-encoding", readEncodings] };

/** Whether a body of an encoding can be read. A body without an encoding can. */
export function isReadEncoding(encoding: string | undefined): boolean {
	return encoding === undefined || isPlain(encoding) || decoders.has(encoding.trim().toLowerCase());
}

/**
 * Decodes a body. It does so in one step: decoding takes less time than parsing the result, so no more than one decoded
 * body is held at a time.
 *
 * @param maxBytes the most bytes that the result may have.
 * @throws ServiceError `resource_exhausted` when the result is larger; `invalid_argument`, reason `unparsable`, when
 * the bytes are not of that encoding.
 */
export function decodeContent(bytes: Uint8Array, encoding: string | undefined, maxBytes: number): Uint8Array {
	if (encoding === undefined || isPlain(encoding) || bytes.length === 0) return bytes;
	const decode = decoders.get(encoding.trim().toLowerCase());
	if (decode === undefined) throw new TypeError(`the encoding ${encoding} was not checked`);
	try {
		return decode(bytes, { maxOutputLength: maxBytes });
	} catch (error) {
		if (error instanceof RangeError) throw messageTooLarge(maxBytes);
		throw new ServiceError({
			code: "invalid_argument",
			reason: "unparsable",
			message: `the body is not what its encoding ${JSON.stringify(encoding)} says`,
		});
	}
}

/** The error of a body whose encoding is not supported. */
export function unreadEncoding(encoding: string | undefined): ServiceError {
	return new ServiceError({
		code: "unimplemented",
		message: `the encoding ${JSON.stringify(encoding)} is not read; send the body as it is, or as one of ${readEncodings}`,
	});
}

function isPlain(encoding: string): boolean {
	return encoding === "" || encoding.toLowerCase() === "identity";
}

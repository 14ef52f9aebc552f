/** Turns a message into the text that crosses the wire, and back. The transport makes the text UTF-8. */
export interface TextCodec {
	/** The name in content types: `json`. */
	readonly name: string;
	readonly binary: false;
	/** @throws ServiceError `internal` for a message that it cannot write. */
	encode(message: unknown): string;
	/** @throws ServiceError `invalid_argument` for a text that it cannot read. */
	decode(text: string): unknown;
}

/** Turns a message into the bytes that cross the wire, and back. */
export interface BinaryCodec {
	/** The name in content types: `proto`. */
	readonly name: string;
	readonly binary: true;
	/** @throws ServiceError `internal` for a message that it cannot write. */
	encode(message: unknown): Uint8Array;
	/**
	 * Must not keep the bytes: their memory may be used again when it has returned.
	 *
	 * @throws ServiceError `invalid_argument` for bytes that it cannot read.
	 */
	decode(bytes: Uint8Array): unknown;
}

/** Turns messages into what crosses the wire, and back: text or bytes, as `binary` tells. */
export type Codec = TextCodec | BinaryCodec;

/** A message as a codec writes it. */
export type EncodedMessage = string | Uint8Array;

import type { EncodedMessage } from "@allium/core";

/** The bytes of a message, without a copy where it is in bytes already. */
export function bufferOf(message: EncodedMessage): Buffer {
	if (typeof message === "string") return Buffer.from(message);
	return Buffer.from(message.buffer, message.byteOffset, message.byteLength);
}

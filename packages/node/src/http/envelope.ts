import type { EncodedMessage } from "@allium/core";
import { envelopeHeadBytes } from "@allium/core/http";

/** Wraps a message of a stream: flags, length, message. It is faster than the core's version, which runs anywhere. */
export function writeEnvelope(flags: number, message: EncodedMessage): Buffer {
	const length = typeof message === "string" ? Buffer.byteLength(message) : message.length;
	const envelope = Buffer.allocUnsafe(envelopeHeadBytes + length);
	envelope[0] = flags;
	envelope.writeUInt32BE(length, 1);
	if (typeof message === "string") envelope.write(message, envelopeHeadBytes, "utf8");
	else envelope.set(message, envelopeHeadBytes);
	return envelope;
}

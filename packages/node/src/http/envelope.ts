import { envelopeHeadBytes } from "@allium/core/transport";

/** Wraps a message of a stream: flags, length, message. Faster than the core's, which runs anywhere. */
export function writeEnvelope(flags: number, text: string): Buffer {
	const length = Buffer.byteLength(text);
	const envelope = Buffer.allocUnsafe(envelopeHeadBytes + length);
	envelope[0] = flags;
	envelope.writeUInt32BE(length, 1);
	envelope.write(text, envelopeHeadBytes, "utf8");
	return envelope;
}

import { FrameType, ProtocolError } from "./frame.ts";
import type { FrameWriter } from "./frame-writer.ts";

const payloadBytes = 8;
const zeroes: Uint8Array = new Uint8Array(payloadBytes);

/** Begins a PING, which asks whether the other side is there. */
export function beginPing(writer: FrameWriter): void {
	writer.begin(FrameType.ping, 0, 0, payloadBytes);
	writer.raw(zeroes);
}

/**
 * Begins a PONG, the answer to a PING, whose payload it repeats.
 *
 * @throws ProtocolError when the PING is malformed.
 */
export function beginPong(writer: FrameWriter, bytes: Uint8Array, start: number, end: number): void {
	if (end - start !== payloadBytes) throw new ProtocolError("PING is malformed");
	writer.begin(FrameType.pong, 0, 0, payloadBytes);
	writer.raw(bytes.subarray(start, end));
}

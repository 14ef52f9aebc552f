import { FrameType, ProtocolError } from "./frame.ts";
import { readU32 } from "./frame-reader.ts";
import type { FrameWriter } from "./frame-writer.ts";

/** Begins a WINDOW: returns credit, in bytes, on a stream or, for stream 0, on the connection. */
export function beginWindow(writer: FrameWriter, stream: number, credit: number): void {
	writer.begin(FrameType.window, 0, stream, 4);
	writer.u32(credit);
}

/**
 * Reads the credit of a WINDOW, in bytes.
 *
 * @throws ProtocolError when it is malformed.
 */
export function readWindow(bytes: Uint8Array, start: number, end: number): number {
	if (end - start !== 4) throw new ProtocolError("WINDOW is malformed");
	return readU32(bytes, start);
}

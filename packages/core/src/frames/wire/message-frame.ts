import type { EncodedMessage } from "../../codec/codec.ts";
import { FrameType, maxFragmentBytes, ProtocolError } from "./frame.ts";
import type { FrameWriter } from "./frame-writer.ts";

/**
 * Begins a MESSAGE that carries a whole message, and writes it. Returns its bytes.
 *
 * @param room the space that the message takes at most, in bytes.
 */
export function beginMessage(
	writer: FrameWriter,
	flags: number,
	stream: number,
	body: EncodedMessage,
	room: number,
): number {
	writer.begin(FrameType.message, flags, stream, room);
	return writer.body(body);
}

/** Begins a MESSAGE that carries a fragment of a message. */
export function beginFragment(
	writer: FrameWriter,
	flags: number,
	stream: number,
	fragment: Uint8Array,
): void {
	writer.begin(FrameType.message, flags, stream, fragment.length);
	writer.raw(fragment);
}

/**
 * Reads how many bytes a MESSAGE carries.
 *
 * @throws ProtocolError when they are too many for a fragment.
 */
export function readFragmentLength(start: number, end: number): number {
	const length = end - start;
	if (length > maxFragmentBytes) throw new ProtocolError(`a fragment of ${length} bytes is too large`);
	return length;
}

import type { ReadonlyMetadata } from "../../errors/readonly-metadata.ts";
import type { ByteHandling } from "../../transport/pipe.ts";
import { FrameType, noTimeout, ProtocolError } from "./frame.ts";
import { readU16, readU32 } from "./frame-reader.ts";
import { type FrameWriter, metadataBlockBytes } from "./frame-writer.ts";
import type { KnownTexts } from "./known-texts.ts";
import { readMetadata } from "./metadata-block.ts";

/** The position of a call's format in the flags of REQUEST. */
const formatShift = 4;
const formatMask = 0x30;

/** The flags that say in which format a call is written. */
export function formatFlags(format: number): number {
	return (format << formatShift) & formatMask;
}

/** The number of the format that the flags of a REQUEST name. */
export function formatOf(flags: number): number {
	return (flags & formatMask) >>> formatShift;
}

/** The head of a call, as it arrived. */
export interface RequestHead {
	readonly path: string;
	readonly metadata: ReadonlyMetadata;
	/** How long the caller will wait, in milliseconds; Infinity when it did not say. */
	readonly timeoutMs: number;
	/** The offset at which the message begins. */
	readonly bodyStart: number;
}

/**
 * Begins a REQUEST: timeout (4), path length (2), path, metadata. The message may follow.
 *
 * @param remainingMs until the deadline of the call; Infinity for none.
 * @param bodyRoom the space that the message takes at most, in bytes.
 */
export function beginRequest(
	writer: FrameWriter,
	flags: number,
	stream: number,
	path: Uint8Array,
	remainingMs: number,
	metadata: ReadonlyMetadata,
	bodyRoom: number,
): void {
	const room = 6 + path.length + metadataBlockBytes(metadata) + bodyRoom;
	writer.begin(FrameType.request, flags, stream, room);
	writer.u32(timeoutField(remainingMs));
	writer.u16(path.length);
	writer.raw(path);
	writer.metadata(metadata);
}

/** @throws ProtocolError when it is malformed. */
export function readRequest(
	bytes: Uint8Array,
	start: number,
	end: number,
	paths: KnownTexts,
	text: ByteHandling,
): RequestHead {
	const pathEnd = start + 6 + readU16(bytes, start + 4);
	if (pathEnd > end) throw new ProtocolError("REQUEST is cut off");
	const timeout = readU32(bytes, start);
	const { metadata, end: bodyStart } = readMetadata(bytes, pathEnd, end, text);
	return {
		path: paths.read(bytes, start + 6, pathEnd),
		metadata,
		timeoutMs: timeout === noTimeout ? Number.POSITIVE_INFINITY : timeout,
		bodyStart,
	};
}

/** Milliseconds until the deadline, rounded up so that the callee does not give up before the caller. */
function timeoutField(remaining: number): number {
	return remaining >= noTimeout ? noTimeout : Math.ceil(remaining);
}

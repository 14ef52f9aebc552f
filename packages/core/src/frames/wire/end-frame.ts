import type { ReadonlyMetadata } from "../../errors/readonly-metadata.ts";
import type { ByteHandling } from "../../transport/pipe.ts";
import { Flag, FrameType } from "./frame.ts";
import { type FrameWriter, metadataBlockBytes } from "./frame-writer.ts";
import { readMetadata } from "./metadata-block.ts";

/** Begins an END: the sender sends nothing more on the stream. Its payload are the trailers. */
export function beginEnd(writer: FrameWriter, stream: number, trailers: ReadonlyMetadata): void {
	writer.begin(FrameType.end, Flag.end, stream, metadataBlockBytes(trailers));
	writer.metadata(trailers);
}

/**
 * Reads the trailers of an END.
 *
 * @throws ProtocolError when they are malformed.
 */
export function readEnd(bytes: Uint8Array, start: number, end: number, text: ByteHandling): ReadonlyMetadata {
	return readMetadata(bytes, start, end, text).metadata;
}

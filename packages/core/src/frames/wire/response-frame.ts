import type { ReadonlyMetadata } from "../../errors/readonly-metadata.ts";
import type { ByteHandling } from "../../transport/pipe.ts";
import { FrameType } from "./frame.ts";
import { type FrameWriter, metadataBlockBytes } from "./frame-writer.ts";
import { type MetadataBlock, readMetadata } from "./metadata-block.ts";

/**
 * Begins a RESPONSE, the head of a reply: metadata. The message may follow.
 *
 * @param bodyRoom the space that the message takes at most, in bytes.
 */
export function beginResponse(
	writer: FrameWriter,
	flags: number,
	stream: number,
	headers: ReadonlyMetadata,
	bodyRoom: number,
): void {
	writer.begin(FrameType.response, flags, stream, metadataBlockBytes(headers) + bodyRoom);
	writer.metadata(headers);
}

/**
 * Reads the headers of a reply. The message begins where they end.
 *
 * @throws ProtocolError when they are malformed.
 */
export function readResponse(
	bytes: Uint8Array,
	start: number,
	end: number,
	text: ByteHandling,
): MetadataBlock {
	return readMetadata(bytes, start, end, text);
}

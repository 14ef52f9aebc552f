import { Metadata, noMetadata } from "../../context/metadata.ts";
import type { MetadataValue, ReadonlyMetadata } from "../../errors/readonly-metadata.ts";
import type { ByteHandling } from "../../transport/pipe.ts";
import { ProtocolError } from "./frame.ts";
import { readU16 } from "./frame-reader.ts";

/** A block of metadata that was read, and where it ended. */
export interface MetadataBlock {
	readonly metadata: ReadonlyMetadata;
	readonly end: number;
}

/**
 * Reads a block of metadata; `FrameWriter.metadata` writes it.
 *
 * @throws ProtocolError when the block is malformed, or has entries that metadata may not have.
 */
export function readMetadata(
	bytes: Uint8Array,
	start: number,
	limit: number,
	text: ByteHandling,
): MetadataBlock {
	const end = start + 2 + readU16(bytes, start);
	if (end > limit) throw new ProtocolError("a block of metadata is cut off");
	if (end === start + 2) return { metadata: noMetadata, end };
	const metadata = new Metadata();
	let offset = start + 2;
	while (offset < end) offset = readEntry(bytes, offset, end, text, metadata);
	return { metadata, end };
}

function readEntry(
	bytes: Uint8Array,
	start: number,
	end: number,
	text: ByteHandling,
	into: Metadata,
): number {
	const nameEnd = start + 1 + (bytes[start] ?? 0);
	const valueStart = nameEnd + 2;
	const valueEnd = valueStart + readU16(bytes, nameEnd);
	if (valueEnd > end) throw new ProtocolError("an entry of metadata is cut off");
	const name = text.readText(bytes, start + 1, nameEnd);
	// This has to be a copy: `slice` of a Buffer would share, and so keep, everything that was read with the value.
	const value: MetadataValue = name.endsWith("-bin")
		? new Uint8Array(bytes.subarray(valueStart, valueEnd))
		: text.readText(bytes, valueStart, valueEnd);
	try {
		into.append(name, value);
	} catch (error) {
		throw new ProtocolError((error as Error).message);
	}
	return valueEnd;
}

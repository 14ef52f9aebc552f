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
	const read = textReader(bytes, start + 2, end, text);
	let offset = start + 2;
	while (offset < end) offset = readEntry(bytes, offset, end, read, metadata);
	return { metadata, end };
}

/** Reads a part of the block as text. */
type ReadText = (start: number, end: number) => string;

/**
 * Reads the whole block at once where each of its bytes is one character: every name and value is then a part of that
 * text. Another call to the platform for each of them would cost more. Only values of bytes make the difference.
 */
function textReader(bytes: Uint8Array, from: number, limit: number, handling: ByteHandling): ReadText {
	const whole = handling.readText(bytes, from, limit);
	// No character of UTF-8 takes less than a byte, so with as many characters as bytes, each is where its byte is.
	if (whole.length === limit - from) return (start, end) => whole.slice(start - from, end - from);
	return (start, end) => handling.readText(bytes, start, end);
}

function readEntry(bytes: Uint8Array, start: number, end: number, read: ReadText, into: Metadata): number {
	const nameEnd = start + 1 + (bytes[start] ?? 0);
	const valueStart = nameEnd + 2;
	const valueEnd = valueStart + readU16(bytes, nameEnd);
	if (valueEnd > end) throw new ProtocolError("an entry of metadata is cut off");
	const name = read(start + 1, nameEnd);
	// This has to be a copy: `slice` of a Buffer would share, and so keep, everything that was read with the value.
	const value: MetadataValue = name.endsWith("-bin")
		? new Uint8Array(bytes.subarray(valueStart, valueEnd))
		: read(valueStart, valueEnd);
	try {
		into.append(name, value);
	} catch (error) {
		throw new ProtocolError((error as Error).message);
	}
	return valueEnd;
}

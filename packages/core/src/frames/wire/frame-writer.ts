import type { EncodedMessage } from "../../codec/codec.ts";
import type { MetadataValue, ReadonlyMetadata } from "../../errors/readonly-metadata.ts";
import type { ByteHandling } from "../../transport/pipe.ts";
import { headerBytes, preface } from "./frame.ts";

/** How much is allocated at first, in bytes, and how much later. Many connections say little. */
const firstChunkBytes = 1024;
const chunkBytes = 64 * 1024;

/**
 * Writes frames one behind the other into one piece of memory, so that all frames of a tick go out in one
 * write. Call `begin`, write the parts of the payload, and call `finish`; `take` hands over what has gathered.
 */
export class FrameWriter {
	readonly #bytes: ByteHandling;
	#chunk: Uint8Array;
	/** The offset of the first byte that has not been taken yet. */
	#start = 0;
	#end = 0;
	#frame = 0;

	constructor(bytes: ByteHandling) {
		this.#bytes = bytes;
		this.#chunk = bytes.allocate(0);
	}

	/** The bytes that were written and have not been taken yet. */
	get pending(): number {
		return this.#end - this.#start;
	}

	/** Begins a frame whose payload takes at most `room` bytes. */
	begin(type: number, flags: number, stream: number, room: number): void {
		this.#reserve(headerBytes + room);
		const start = this.#end;
		this.#frame = start;
		this.#chunk[start + 4] = type;
		this.#chunk[start + 5] = flags;
		this.#end = start + 6;
		this.u32(stream);
	}

	/** Ends the frame, whose length is known now. */
	finish(): void {
		const end = this.#end;
		this.#end = this.#frame;
		this.u32(end - this.#frame - headerBytes);
		this.#end = end;
	}

	u8(value: number): void {
		this.#chunk[this.#end++] = value;
	}

	u16(value: number): void {
		const at = this.#end;
		this.#chunk[at] = value >>> 8;
		this.#chunk[at + 1] = value;
		this.#end = at + 2;
	}

	u32(value: number): void {
		const at = this.#end;
		this.#chunk[at] = value >>> 24;
		this.#chunk[at + 1] = value >>> 16;
		this.#chunk[at + 2] = value >>> 8;
		this.#chunk[at + 3] = value;
		this.#end = at + 4;
	}

	raw(bytes: Uint8Array): void {
		this.#chunk.set(bytes, this.#end);
		this.#end += bytes.length;
	}

	/** UTF-8, to the end of the frame; needs three bytes of room for each UTF-16 unit. Returns its length. */
	text(text: string): number {
		const written = this.#bytes.writeText(this.#chunk, text, this.#end);
		this.#end += written;
		return written;
	}

	/** A message, to the end of the frame. Returns its bytes. */
	body(body: EncodedMessage): number {
		if (typeof body === "string") return this.text(body);
		this.raw(body);
		return body.length;
	}

	/** The block of metadata: its length (2), then name length (1), name, value length (2), value. */
	metadata(metadata: ReadonlyMetadata | undefined): void {
		const start = this.#end;
		this.#end += 2;
		if (metadata !== undefined && metadata.size > 0) {
			for (const [name, value] of metadata) this.#entry(name, value);
		}
		const end = this.#end;
		this.#end = start;
		this.u16(end - start - 2);
		this.#end = end;
	}

	/** Writes a frame whose payload exists as bytes. */
	frame(type: number, flags: number, stream: number, payload?: Uint8Array): void {
		this.begin(type, flags, stream, payload?.length ?? 0);
		if (payload !== undefined) this.raw(payload);
		this.finish();
	}

	preface(): void {
		this.#reserve(preface.length);
		for (const byte of preface) this.u8(byte);
	}

	/** Hands over everything that was written; undefined when there is nothing. */
	take(): Uint8Array | undefined {
		if (this.#start === this.#end) return undefined;
		const taken = this.#chunk.subarray(this.#start, this.#end);
		this.#start = this.#end;
		return taken;
	}

	#entry(name: string, value: MetadataValue): void {
		this.u8(name.length);
		this.#ascii(name);
		this.u16(value.length);
		if (typeof value === "string") this.#ascii(value);
		else this.raw(value);
	}

	#ascii(text: string): void {
		for (let index = 0; index < text.length; index++) this.u8(text.charCodeAt(index));
	}

	/** Makes room for a number of bytes. Bytes that have not been taken move along into new memory. */
	#reserve(size: number): void {
		if (this.#end + size <= this.#chunk.length) return;
		const waiting = this.#chunk.subarray(this.#start, this.#end);
		const least = this.#chunk.length === 0 ? firstChunkBytes : chunkBytes;
		this.#chunk = this.#bytes.allocate(Math.max(least, (waiting.length + size) * 2));
		this.#chunk.set(waiting);
		this.#start = 0;
		this.#end = waiting.length;
	}
}

/** The size of a block of metadata on the wire, in bytes. */
export function metadataBlockBytes(metadata: ReadonlyMetadata | undefined): number {
	return metadata === undefined ? 2 : 2 + metadata.bytes;
}

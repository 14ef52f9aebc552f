import type { ByteHandling } from "../../transport/pipe.ts";
import { headerBytes, maxPayloadBytes, ProtocolError, preface } from "./frame.ts";

/** Called with every frame. The payload is `bytes` from `start` to `end`, and may be read until this returns. */
export type FrameListener = (
	type: number,
	flags: number,
	stream: number,
	bytes: Uint8Array,
	start: number,
	end: number,
) => void;

/**
 * Finds the frames in a stream of bytes, however the bytes were cut. Frames that arrive whole are not copied. A
 * declared length is checked before memory is taken.
 *
 * @throws ProtocolError from `push` when the bytes violate the protocol.
 */
export class FrameReader {
	readonly #bytes: ByteHandling;
	readonly #listener: FrameListener;
	#prefaceRead = 0;
	/** The beginning of a frame whose end has not arrived: at first room for its header, then for all of it. */
	#partial: Uint8Array | undefined;
	#partialLength = 0;

	constructor(bytes: ByteHandling, listener: FrameListener) {
		this.#bytes = bytes;
		this.#listener = listener;
	}

	push(bytes: Uint8Array): void {
		let offset = this.#prefaceRead === preface.length ? 0 : this.#readPreface(bytes);
		if (this.#partial !== undefined) offset = this.#complete(this.#partial, bytes, offset);
		while (bytes.length - offset >= headerBytes) {
			const end = offset + headerBytes + payloadLength(bytes, offset);
			if (end > bytes.length) break;
			this.#deliver(bytes, offset, end);
			offset = end;
		}
		if (offset < bytes.length) this.#keep(bytes, offset);
	}

	#readPreface(bytes: Uint8Array): number {
		let offset = 0;
		while (this.#prefaceRead < preface.length && offset < bytes.length) {
			const byte = bytes[offset++];
			if (byte === preface[this.#prefaceRead]) this.#prefaceRead++;
			else if (this.#prefaceRead === 3) throw new ProtocolError(`version ${byte} is not spoken here; 1 is`);
			else throw new ProtocolError("the connection does not begin with the preface of Allium frames");
		}
		return offset;
	}

	/** Adds to a frame that arrives in pieces. Returns how far the bytes were used. */
	#complete(partial: Uint8Array, bytes: Uint8Array, from: number): number {
		let offset = from;
		let target = partial;
		if (this.#partialLength < headerBytes) {
			offset = this.#fill(target, headerBytes, bytes, offset);
			if (this.#partialLength < headerBytes) return offset;
			target = this.#bytes.allocate(headerBytes + payloadLength(partial, 0));
			target.set(partial.subarray(0, headerBytes));
			this.#partial = target;
		}
		offset = this.#fill(target, target.length, bytes, offset);
		if (this.#partialLength < target.length) return offset;
		this.#partial = undefined;
		this.#deliver(target, 0, target.length);
		return offset;
	}

	#fill(target: Uint8Array, upTo: number, bytes: Uint8Array, offset: number): number {
		const end = Math.min(bytes.length, offset + upTo - this.#partialLength);
		target.set(bytes.subarray(offset, end), this.#partialLength);
		this.#partialLength += end - offset;
		return end;
	}

	#keep(bytes: Uint8Array, offset: number): void {
		const rest = bytes.length - offset;
		const size = rest < headerBytes ? headerBytes : headerBytes + payloadLength(bytes, offset);
		this.#partial = this.#bytes.allocate(size);
		this.#partial.set(bytes.subarray(offset));
		this.#partialLength = rest;
	}

	#deliver(bytes: Uint8Array, start: number, end: number): void {
		const type = bytes[start + 4] as number;
		const flags = bytes[start + 5] as number;
		this.#listener(type, flags, readU32(bytes, start + 6), bytes, start + headerBytes, end);
	}
}

/** The length that a header declares. It is refused when it is over the bound. */
function payloadLength(bytes: Uint8Array, offset: number): number {
	const length = readU32(bytes, offset);
	if (length > maxPayloadBytes) {
		throw new ProtocolError(`a frame of ${length} bytes is over the limit of ${maxPayloadBytes}`);
	}
	return length;
}

/** A 4-byte unsigned number, big-endian; 0 where the bytes end too soon. */
export function readU32(bytes: Uint8Array, offset: number): number {
	const high = bytes[offset] ?? 0;
	const rest = ((bytes[offset + 1] ?? 0) << 16) | ((bytes[offset + 2] ?? 0) << 8) | (bytes[offset + 3] ?? 0);
	return high * 0x100_0000 + rest;
}

/** A 2-byte unsigned number, big-endian; 0 where the bytes end too soon. */
export function readU16(bytes: Uint8Array, offset: number): number {
	return ((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0);
}

import type { BinaryCodec } from "@allium/core";
import type { Message } from "./message.ts";

/** The tag of the field `string text = 1`. */
const textTag = 0x0a;

/**
 * The suite's message in protobuf: `message Message { string text = 1; }`. It is written by hand so that the suite
 * needs no library.
 */
export const messageCodec: BinaryCodec = {
	name: "proto",
	binary: true,
	encode(message) {
		const text = new TextEncoder().encode((message as Message).text);
		const head = [textTag, ...varint(text.length)];
		const bytes = new Uint8Array(head.length + text.length);
		bytes.set(head);
		bytes.set(text, head.length);
		return bytes;
	},
	decode(bytes) {
		// Protobuf omits an empty text.
		if (bytes.length === 0) return { text: "" };
		const { value: length, end } = readVarint(bytes, 1);
		if (bytes[0] !== textTag || bytes.length !== end + length) throw new RangeError("this is no message");
		return { text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.subarray(end)) };
	},
};

function varint(value: number): number[] {
	return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}

function readVarint(bytes: Uint8Array, start: number): { value: number; end: number } {
	let value = 0;
	for (let offset = start; offset < start + 5; offset++) {
		const byte = bytes[offset] ?? 0;
		value += (byte & 0x7f) * 2 ** (7 * (offset - start));
		if (byte < 0x80) return { value, end: offset + 1 };
	}
	throw new RangeError("this is no varint");
}

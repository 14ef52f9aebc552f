import { describe, expect, test } from "vitest";
import type { Codec } from "../codec/codec.ts";
import { jsonCodec } from "../codec/json-codec.ts";
import { decodeBytes, decodeMessage, readMessage } from "./message-text.ts";
import { standardBytes } from "./pipe.ts";

const decode = (...bytes: number[]): unknown =>
	decodeMessage(jsonCodec, readMessage(standardBytes, Uint8Array.from(bytes), 0, bytes.length));
const quoted = (...bytes: number[]): number[] => [0x22, ...bytes, 0x22];

describe("a message", () => {
	test("is UTF-8", () => {
		expect(decode(...quoted(...new TextEncoder().encode("世界 🎉")))).toBe("世界 🎉");
	});

	test("may have the letter that stands for malformed ones", () => {
		expect(decode(...quoted(0xef, 0xbf, 0xbd))).toBe("\ufffd");
	});

	test("may begin with a byte order mark", () => {
		expect(decode(0xef, 0xbb, 0xbf, ...quoted(0x61))).toBe("a");
	});

	test.each([
		["a byte that begins nothing", [0xff]],
		["a letter that is cut off", [0xe4, 0xb8]],
		["half a surrogate pair", [0xed, 0xa0, 0x80]],
		["an overlong form", [0xc0, 0xaf]],
		["beside the letter that stands for it", [0xef, 0xbf, 0xbd, 0x80]],
	])("is refused when it is not: %s", (_, bytes) => {
		expect(() => decode(...quoted(...bytes))).toThrow("the message is not UTF-8");
	});
});

test("bytes are decoded as the codec has it: as they are, or as text", () => {
	const bytes = Uint8Array.of(0xff, 0x31);
	const asBytes: Codec = { name: "raw", binary: true, encode: () => bytes, decode: (given) => given };
	expect(decodeBytes(asBytes, standardBytes, bytes)).toBe(bytes);
	expect(decodeBytes(jsonCodec, standardBytes, bytes.subarray(1))).toBe(1);
	expect(() => decodeBytes(jsonCodec, standardBytes, bytes)).toThrow("the message is not UTF-8");
});

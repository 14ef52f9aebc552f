import { expect, test } from "vitest";
import { messageCodec } from "./message-codec.ts";

test.each(["a", "naïve 🧅", "\u0000", "\ufeffx", "x".repeat(300), "x".repeat(70_000)])(
	"a text comes back",
	(text) => {
		expect(messageCodec.decode(messageCodec.encode({ text }))).toEqual({ text });
	},
);

test("is protobuf: field 1, a length, UTF-8", () => {
	expect(messageCodec.encode({ text: "é" })).toEqual(Uint8Array.of(0x0a, 2, 0xc3, 0xa9));
	expect(messageCodec.decode(new Uint8Array())).toEqual({ text: "" });
});

test.each([[[0x0a]], [[0x0a, 3, 0x61]], [[0x12, 1, 0x61]], [[0x0a, 1, 0xff]]])(
	"refuses what is none",
	(bytes) => {
		expect(() => messageCodec.decode(Uint8Array.from(bytes))).toThrow();
	},
);

import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { lines, wholeText } from "./lines.ts";

/** A stream that brings these bytes one by one. */
const input = (...bytes: readonly number[]): NodeJS.ReadableStream =>
	Readable.from(bytes.map((byte) => Buffer.of(byte)));
const utf8 = (text: string): number[] => [...Buffer.from(text)];

describe("input", () => {
	test("comes line by line, with numbers, without those that are empty", async () => {
		const found = await Array.fromAsync(lines(input(...utf8("ä\n\n世\r\n🎉"))));
		expect(found).toEqual([
			[1, "ä"],
			[3, "世\r"],
			[4, "🎉"],
		]);
	});

	test("may begin with a byte order mark, which is no part of it", async () => {
		expect(await wholeText(input(0xef, 0xbb, 0xbf, ...utf8("{}")))).toBe("{}");
		expect(await Array.fromAsync(lines(input(0xef, 0xbb, 0xbf, ...utf8("{}"))))).toEqual([[1, "{}"]]);
	});

	test.each([
		["a byte that begins nothing", [0xff]],
		["a letter that is cut off at the end", [0xe4, 0xb8]],
		["UTF-16", [0xff, 0xfe, 0x7b, 0x00]],
	])("that is not UTF-8 is refused, by its name: %s", async (_, bytes) => {
		const sentence = "names.jsonl is not text in UTF-8; convert it first.";
		await expect(wholeText(input(...bytes), "names.jsonl")).rejects.toThrow(sentence);
		await expect(Array.fromAsync(lines(input(...bytes), "names.jsonl"))).rejects.toThrow(sentence);
	});
});

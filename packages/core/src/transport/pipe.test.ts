import { describe, expect, test } from "vitest";
import { standardBytes } from "./pipe.ts";

const texts = [
	"",
	"a",
	'{"n":12345}',
	"x".repeat(47),
	"x".repeat(48),
	"x".repeat(49),
	"x".repeat(5_000),
	"naïve",
	`${"x".repeat(40)}é`,
	"日本語",
	"\u{1f9c5}",
	"x\u{1f9c5}\u{1f9c5}é",
	"\ufeffmark",
	"\u0000\u007f\u0080",
];

describe("the standard's bytes", () => {
	test.each(texts)("write and read %j as UTF-8, wherever it lies", (text) => {
		const bytes = standardBytes.allocate(4 + text.length * 3);
		const written = standardBytes.writeText(bytes, text, 2);
		expect(bytes.subarray(2, 2 + written)).toEqual(new TextEncoder().encode(text));
		expect(standardBytes.readText(bytes, 2, 2 + written)).toBe(text);
		expect(standardBytes.byteLength(text)).toBe(written);
	});

	test("count what a lone surrogate takes as what it becomes", () => {
		const bytes = standardBytes.allocate(16);
		const written = standardBytes.writeText(bytes, "a\ud83eb", 0);
		expect(standardBytes.byteLength("a\ud83eb")).toBe(written);
		expect(standardBytes.readText(bytes, 0, written)).toBe("a\ufffdb");
	});

	test("read malformed bytes as U+FFFD", () => {
		expect(standardBytes.readText(new Uint8Array([0x61, 0xff, 0x62]), 0, 3)).toBe("a\ufffdb");
	});
});

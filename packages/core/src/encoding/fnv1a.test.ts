import { expect, test } from "vitest";
import { fnv1a, fnv1aOfBytes } from "./fnv1a.ts";

// From the reference implementation of FNV.
test.each([
	["", 0x811c9dc5],
	["a", 0xe40c292c],
	["foobar", 0xbf9cf968],
])("the hash of %j is FNV-1a's", (text, hash) => {
	expect(fnv1a(text)).toBe(hash);
	const bytes = new TextEncoder().encode(`<${text}>`);
	expect(fnv1aOfBytes(bytes, 1, bytes.length - 1)).toBe(hash);
});

test("another basis gives another hash", () => {
	expect(fnv1a("a", 1)).not.toBe(fnv1a("a"));
});

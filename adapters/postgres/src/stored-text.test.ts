import { expect, test } from "vitest";
import { indexedNames, indexedText, originalText, storedText } from "./stored-text.ts";

const hostile = [
	"plain",
	"",
	"a\0b",
	"\ud800",
	"\udc00\ud800",
	"😀",
	'quo"te',
	"back\\slash",
	"#sharp",
	"new\nline",
];

test.each(hostile)("%j comes back unchanged, and is text for PostgreSQL", (text) => {
	const stored = storedText(text);
	expect(originalText(stored)).toBe(text);
	expect(stored).not.toContain("\0");
	expect(stored.isWellFormed()).toBe(true);
});

test("different texts have different entries in an index", () => {
	const long = "k".repeat(4_096);
	const texts = [...hostile, "\\u0000", long, `${long}.`, indexedText(long)];
	expect(new Set(texts.map(indexedText)).size).toBe(texts.length);
});

test("an entry of an index has room, however long its text is", () => {
	for (const text of ["\0".repeat(4_096), "€".repeat(400), "€".repeat(4_096)]) {
		expect(Buffer.byteLength(indexedText(text))).toBeLessThan(1_600);
	}
});

test("names that together read the same have different entries", () => {
	expect(indexedNames("a", "bc")).not.toBe(indexedNames("ab", "c"));
});

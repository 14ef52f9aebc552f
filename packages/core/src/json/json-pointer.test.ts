import { describe, expect, test } from "vitest";
import { pointerKeys, pointerTo, resolvePointer } from "./json-pointer.ts";

/** The document of RFC 6901, section 5. */
const document = {
	foo: ["bar", "baz"],
	"": 0,
	"a/b": 1,
	"c%d": 2,
	"e^f": 3,
	'k"l': 6,
	" ": 7,
	"m~n": 8,
	"~1": 9,
};

describe("a reference within a document", () => {
	test.each([
		["#", document],
		["#/foo", ["bar", "baz"]],
		["#/foo/0", "bar"],
		["#/", 0],
		["#/a~1b", 1],
		["#/c%25d", 2],
		["#/e%5Ef", 3],
		["#/k%22l", 6],
		["#/%20", 7],
		["#/ ", 7],
		["#/m~0n", 8],
		["#/~01", 9],
	])("%s leads to its value", (reference, value) => {
		expect(resolvePointer(document, reference)).toEqual(value);
	});

	test.each([
		"#/nothing",
		"#/foo/2",
		"#/foo/length",
		"#/foo/0/x",
		"#/constructor",
		"#name",
		"",
		"/foo",
		"https://x/#/foo",
		"#/%",
	])("%j leads nowhere", (reference) => {
		expect(resolvePointer(document, reference)).toBeUndefined();
	});
});

test("a pointer is made of keys, and gives them back", () => {
	expect(pointerTo("$defs", "a/b", "m~n")).toBe("#/$defs/a~1b/m~0n");
	expect(pointerKeys(pointerTo("$defs", "a/b", "~1"))).toEqual(["$defs", "a/b", "~1"]);
	expect(pointerKeys(pointerTo())).toEqual([]);
});

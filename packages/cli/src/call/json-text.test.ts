import { describe, expect, test } from "vitest";
import { faultText, readJson } from "./json-text.ts";

test("JSON is read", () => {
	expect(readJson(' {"a": [1, null, "x\\n"]} ')).toEqual({ value: { a: [1, null, "x\n"] } });
});

describe("a text that is not JSON is told by the place of the first letter that does not belong", () => {
	test.each([
		["{a:1}", 1, 2, '"a"'],
		["hello", 1, 1, '"h"'],
		["[1,,2]", 1, 4, '","'],
		["[1,2", 1, 5, "end"],
		['{"a":1,}', 1, 8, '"}"'],
		['{"a" 1}', 1, 6, '"1"'],
		['{"a":1} x', 1, 9, '"x"'],
		['{\n  "a": tru\n}', 2, 8, '"t"'],
		['"abc', 1, 5, "end"],
		['"a\\q"', 1, 3, '"\\\\"'],
		["[1}", 1, 3, '"}"'],
		["]", 1, 1, '"]"'],
		["", 1, 1, "end"],
		["'a'", 1, 1, `"'"`],
		["01", 1, 2, '"1"'],
	])("%j: line %i, column %i, %s", (text, line, column, found) => {
		expect(readJson(text)).toEqual({ fault: { line, column, found } });
	});

	test("however deep it is nested", () => {
		expect(readJson("[".repeat(200_000))).toEqual({ fault: { line: 1, column: 200_001, found: "end" } });
	});
});

test("the sentence names the line only where there are several", () => {
	expect(faultText("The input", { line: 1, column: 5, found: "end" })).toBe(
		"The input is not JSON: unexpected end at column 5.",
	);
	expect(faultText("The input", { line: 2, column: 5, found: '"x"' })).toBe(
		'The input is not JSON: unexpected "x" at line 2, column 5.',
	);
});

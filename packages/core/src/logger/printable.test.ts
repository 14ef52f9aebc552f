import { expect, test } from "vitest";
import { printable } from "./printable.ts";

test.each([
	["text of any language", "Grüße, 世界 🎉", "Grüße, 世界 🎉"],
	["tabs and line feeds", "a\tb\nc", "a\tb\nc"],
	["sequences of a terminal", "\x1b[2J\x1b]0;title\x07", "\\u001b[2J\\u001b]0;title\\u0007"],
	["carriage returns and backspaces", "safe\rfake\b", "safe\\u000dfake\\u0008"],
	["the controls of eight bits", "\x9b2J\x85\x7f", "\\u009b2J\\u0085\\u007f"],
	["separators of lines", "a\u2028b\u2029", "a\\u2028b\\u2029"],
	["what changes the direction", "\u202egpj.exe\u2066", "\\u202egpj.exe\\u2066"],
	["half a letter", "a\ud800b", "a\\ud800b"],
])("printable: %s", (_, text, shown) => {
	expect(printable(text)).toBe(shown);
});

test("JSON stays the same JSON", () => {
	const value = { "a\x9b": ["\x1b", "\u202e", "\ud800", "\ufeff"] };
	expect(JSON.parse(printable(JSON.stringify(value)))).toEqual(value);
});

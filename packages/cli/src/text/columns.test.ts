import { styleText } from "node:util";
import { expect, test } from "vitest";
import { seal } from "../terminal/seal.ts";
import { columns, wrap } from "./columns.ts";

test("columns line up, and lines end with their last letter", () => {
	expect(
		columns([
			["SERVICE", "APP"],
			["a", "b"],
			["longer than that", ""],
		]),
	).toEqual(["SERVICE           APP", "a                 b", "longer than that"]);
});

test("colours take no room", () => {
	const red = seal(styleText("red", "ab", { validateStream: false }));
	expect(
		columns([
			[red, "c"],
			["abc", "d"],
		]),
	).toEqual([`${red}   c`, "abc  d"]);
});

test("a cell breaks no line, and its escaped characters take room", () => {
	expect(
		columns([
			["a\nb", "c"],
			["\x1b", "d"],
		]),
	).toEqual(["a\\nb    c", "\x1b  d"]);
});

test("a text is broken at its blanks, and a word that is too long stays whole", () => {
	expect(wrap("one two three", 7)).toEqual(["one two", "three"]);
	expect(wrap("incomprehensible is long", 5)).toEqual(["incomprehensible", "is", "long"]);
});

import { expect, test } from "vitest";
import { LineSplitter } from "./line-splitter.ts";

function split(...chunks: string[]): string[] {
	const lines: string[] = [];
	const splitter = new LineSplitter((line) => lines.push(line));
	for (const chunk of chunks) splitter.write(chunk);
	splitter.end();
	return lines;
}

test("lines that arrive in pieces are put together", () => {
	expect(split("one\ntw", "o\n", "three\n")).toEqual(["one", "two", "three"]);
});

test("what comes last without a line break is not lost", () => {
	expect(split("one\nlast words")).toEqual(["one", "last words"]);
});

test("an empty line stays a line, and a carriage return goes", () => {
	expect(split("one\r\n\r\ntwo\n")).toEqual(["one", "", "two"]);
});

test("a line without end is passed on in pieces, so that it does not fill the memory", () => {
	const lines = split(...Array.from({ length: 100 }, () => "x".repeat(1000)));
	expect(lines.length).toBeGreaterThan(1);
	expect(lines.join("")).toHaveLength(100_000);
});

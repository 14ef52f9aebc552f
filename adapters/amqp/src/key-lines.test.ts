import { expect, test } from "vitest";
import { KeyLines } from "./key-lines.ts";

test("the first of each key is at work, and the next one follows when it is done", () => {
	const lines = new KeyLines<string>();
	expect([lines.push("a", "a1"), lines.push("a", "a2"), lines.push("b", "b1")]).toEqual([true, false, true]);
	expect(lines.shift("a", "a1")).toBe("a2");
	expect(lines.shift("a", "a2")).toBeUndefined();
	expect(lines.push("a", "a3")).toBe(true);
});

test("what has no key waits for nothing", () => {
	const lines = new KeyLines<string>();
	expect([lines.push(undefined, "1"), lines.push(undefined, "2")]).toEqual([true, true]);
	expect(lines.shift(undefined, "1")).toBeUndefined();
	expect([...lines]).toEqual(["2"]);
});

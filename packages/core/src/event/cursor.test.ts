import { expect, test } from "vitest";
import { cursorAt, positionOf } from "./cursor.ts";

const positions = [1, 9, 10, 35, 36, 1_000_000, 2 ** 40, Number.MAX_SAFE_INTEGER];

test("cursors sort as their positions do, and after the empty one", () => {
	const cursors = positions.map((position) => cursorAt(position, `e${position}`));
	expect(["", ...cursors].sort()).toEqual(["", ...cursors]);
});

test("a cursor tells its position", () => {
	for (const position of positions) expect(positionOf(cursorAt(position, "a"))).toBe(position);
	expect(positionOf("")).toBe(0);
});

test("two events at one position have different cursors", () => {
	expect(cursorAt(1, "a")).not.toBe(cursorAt(1, "b"));
});

test("a text that is no cursor lies behind all events", () => {
	for (const text of ["zzz", "!!!", "\0", "zzzzzzzzzzz-1"])
		expect(positionOf(text)).toBe(Number.MAX_SAFE_INTEGER);
});

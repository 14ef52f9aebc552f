import { expect, test } from "vitest";
import { fnv1a } from "../encoding/fnv1a.ts";
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

test("a cursor is the position and the hash of the identity in base 36", () => {
	// Cursors are stored, so that their form cannot change.
	expect(cursorAt(1, "a")).toBe("00000000001-1r9wi7g");
	for (const position of [...positions, 1_295, 1_296, 1_297, 46_655]) {
		for (const identity of ["", "a", "e1", "costarring", ...Array.from({ length: 200 }, (_, n) => `e${n}`)]) {
			const [place, hash] = [position.toString(36).padStart(11, "0"), fnv1a(identity).toString(36)];
			expect(cursorAt(position, identity)).toBe(`${place}-${hash}`);
		}
	}
});

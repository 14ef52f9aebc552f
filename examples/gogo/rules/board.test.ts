import { describe, expect, test } from "vitest";
import { boardOf, corner, pointOf } from "../fixtures/diagram.ts";
import { beside, type Color, chainOf, emptyBoard, place } from "./board.ts";

/** Places a stone on the point `x` of the upper left corner. */
function placed(color: Color, ...rows: string[]) {
	const diagram = corner(...rows);
	return place(boardOf(...diagram), pointOf("x", ...diagram), color);
}

describe("the points beside a point", () => {
	test.each([
		["a corner", 0, [1, 9]],
		["an edge", 4, [3, 5, 13]],
		["the centre", 40, [31, 39, 41, 49]],
		["the last corner", 80, [71, 79]],
	])("of %s", (_, point, expected) => {
		expect(beside(emptyBoard(9), point)).toEqual(expected);
	});
});

describe("a chain", () => {
	test("has the stones that are connected along the lines, and their liberties", () => {
		const { stones, liberties } = chainOf(boardOf(...corner("bb.", ".bw", "b..")), 0);
		expect([...stones].sort((one, other) => one - other)).toEqual([0, 1, 10]);
		expect([...liberties].sort((one, other) => one - other)).toEqual([2, 9, 19]);
	});
});

describe("a stone", () => {
	test("captures a stone without liberties", () => {
		expect(placed("black", "wx", "b.")).toEqual({ board: boardOf(...corner(".b", "b.")), captured: [0] });
	});

	test("captures several chains at once, each stone of a chain that lies on two sides of it only once", () => {
		const diagram = ["bwwwb", "bwxwb", "bwwwb", ".bbb."];
		const result = placed("black", ...diagram);
		expect(result?.captured).toHaveLength(8);
		expect(result?.board).toBe(boardOf(...corner("b...b", "b.b.b", "b...b", ".bbb.")));
	});

	test("may take the last liberty of its chain when it captures", () => {
		expect(placed("white", "xbw", "bw.", "w..")?.captured).toEqual([1, 9]);
	});

	test("must not take the last liberty of its chain otherwise", () => {
		expect(placed("white", "xb", "b.")).toBeUndefined();
		expect(placed("white", "wxb", "bb.")).toBeUndefined();
	});
});

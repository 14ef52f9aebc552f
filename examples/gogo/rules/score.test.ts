import { describe, expect, test } from "vitest";
import { boardOf, pointOf } from "../fixtures/diagram.ts";
import { scoreOf } from "./score.ts";

/** Black has the left, white the right; a white stone lies dead on black's side, and one point belongs to nobody. */
const diagram = [
	"...bw....",
	"...bw....",
	".x.bw....",
	"...bw....",
	"...b.w...",
	"...bbw...",
	"...bw....",
	"...bw....",
	"...bw....",
];
const dead = pointOf("x", ...diagram);
const board = boardOf(...diagram.map((row) => row.replace("x", "w")));
const prisoners = { black: 2, white: 3 };

describe("a score", () => {
	test("by area has the stones on the board and the points that they surround", () => {
		const counting = { board, dead: [dead], prisoners, komi: 7.5, scoring: "area" } as const;
		expect(scoreOf(counting)).toEqual({ black: 37, white: 43 + 7.5 });
	});

	test("by territory has the points that are surrounded, and the prisoners, with the dead stones", () => {
		const counting = { board, dead: [dead], prisoners, komi: 6.5, scoring: "territory" } as const;
		expect(scoreOf(counting)).toEqual({ black: 27 + 2 + 1, white: 34 + 3 + 6.5 });
	});

	test("gives a region to nobody that stones of both touch", () => {
		const counting = { board, dead: [], prisoners, komi: 0, scoring: "area" } as const;
		expect(scoreOf(counting)).toEqual({ black: 10, white: 44 });
	});

	test("of an empty board is komi alone", () => {
		const counting = { board: ".".repeat(81), dead: [], prisoners: { black: 0, white: 0 }, komi: 5.5 };
		expect(scoreOf({ ...counting, scoring: "area" })).toEqual({ black: 0, white: 5.5 });
		expect(scoreOf({ ...counting, scoring: "territory" })).toEqual({ black: 0, white: 5.5 });
	});
});

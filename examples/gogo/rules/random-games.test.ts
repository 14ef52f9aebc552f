import { timesFrom } from "@allium/testing";
import { describe, expect, test } from "vitest";
import { randomGame } from "../fixtures/random-game.ts";
import { type Board, chainOf, stoneAt } from "./board.ts";
import type { Game } from "./game.ts";
import { scoreOf } from "./score.ts";

/** How many games are played. GOGO_GAMES=100000 asks for more. */
const games = timesFrom("GOGO_GAMES", 300);
const rules = { size: 9, komi: 0, scoring: "area" } as const;

/** A random game, and how many stones were placed in it. */
function played(seed: number): { readonly game: Game; readonly stones: number } {
	let stones = 0;
	let last: Game | undefined;
	for (const { point, game } of randomGame(rules, seed, 250)) {
		if (point !== undefined) stones++;
		last = game;
	}
	if (last === undefined) throw new Error("a game without a move");
	return { game: last, stones };
}

/** The stones without a liberty. */
function breathless(board: Board): number[] {
	const safe = new Set<number>();
	return Array.from(board, (_, point) => point).filter((point) => {
		if (stoneAt(board, point) === undefined || safe.has(point)) return false;
		const { stones, liberties } = chainOf(board, point);
		for (const stone of stones) safe.add(stone);
		return liberties.size === 0;
	});
}

/** The fault of a game. Undefined if it has none. */
function faultOf({ game, stones }: ReturnType<typeof played>): string | undefined {
	const { board, positions, prisoners } = game;
	if (new Set(positions).size !== positions.length) return "a position came again";
	const onBoard = Array.from(board).filter((stone) => stone !== ".").length;
	if (onBoard + prisoners.black + prisoners.white !== stones) return "stones were lost or made";
	if (positions.some((position) => breathless(position).length > 0)) return "a stone has no liberty";
	const { black, white } = scoreOf({ board, dead: [], prisoners, komi: 0, scoring: "area" });
	return black + white <= board.length ? undefined : "more points than the board has";
}

describe(`of ${games} random games`, () => {
	test("each keeps the rules: stones have liberties, none is lost, no position comes again", {
		timeout: 3_600_000,
	}, () => {
		const faults: string[] = [];
		for (let seed = 1; seed <= games; seed++) {
			const fault = faultOf(played(seed));
			if (fault !== undefined) faults.push(`seed ${seed}: ${fault}`);
		}
		expect(faults).toEqual([]);
	});

	test("one with a seed is the same each time", () => {
		expect(played(7)).toEqual(played(7));
	});
});

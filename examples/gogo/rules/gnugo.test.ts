import { timesFrom } from "@allium/testing";
import { describe, expect, test } from "vitest";
import { Gnugo, gnugoProgram } from "../fixtures/gnugo.ts";
import { randomGame } from "../fixtures/random-game.ts";
import type { Color } from "./board.ts";
import { type Game, newGame, play } from "./game.ts";
import { scoreOf } from "./score.ts";

const isRequired = (process.env.ALLIUM_TEST_REQUIRE ?? "").split(",").includes("gnugo");
const rules = { size: 9, komi: 0, scoring: "area" } as const;
/** GOGO_GNUGO_GAMES=2000 asks for more. */
const games = timesFrom("GOGO_GNUGO_GAMES", 200);

function legal(game: Game, turn: Color): number[] {
	const points = Array.from(game.board, (_, point) => point);
	return points.filter((point) => typeof play({ ...game, turn }, turn, point) !== "string");
}

/** The counters of the comparison. */
interface Comparison {
	readonly differences: string[];
	/** How many games were counted. */
	counted: number;
}

/** Plays a game on both sides. */
async function compare(gnugo: Gnugo, seed: number, comparison: Comparison): Promise<void> {
	const { differences } = comparison;
	await gnugo.begin(rules.komi);
	let game = newGame(rules);
	for (const move of randomGame(rules, seed, 400)) {
		await gnugo.play(game.turn, move.point);
		game = move.game;
		if (game.phase !== "playing" || game.moves % 7 !== 0) continue;
		for (const color of ["black", "white"] as const) {
			const [ours, theirs] = [legal(game, color), await gnugo.legal(color)];
			if (ours.join() !== theirs.join())
				differences.push(`seed ${seed}, move ${game.moves}: ${color} may ${ours} or ${theirs}`);
		}
	}
	// Which stones are dead, and to whom the points beside them belong, is a matter of opinion. If none are dead,
	// everything is counted.
	if ((await gnugo.dead()).length > 0) return;
	comparison.counted++;
	const { black, white } = scoreOf({ ...game, ...rules, dead: [] });
	const lead = await gnugo.lead();
	if (black - white !== lead) differences.push(`seed ${seed}: black leads by ${black - white} or ${lead}`);
}

describe.skipIf(gnugoProgram === undefined && !isRequired)(
	gnugoProgram === undefined ? "GNU Go is not installed: apt-get install gnugo" : "GNU Go",
	() => {
		test(`sees the same legal moves in ${games} random games, and the same scores in those without dead stones`, {
			timeout: 600_000,
		}, async () => {
			if (gnugoProgram === undefined) throw new Error("ALLIUM_TEST_REQUIRE names gnugo: install gnugo");
			using gnugo = new Gnugo(gnugoProgram, rules.size);
			const comparison: Comparison = { differences: [], counted: 0 };
			for (let seed = 1; seed <= games; seed++) await compare(gnugo, seed, comparison);
			expect(comparison.differences).toEqual([]);
			expect(comparison.counted).toBeGreaterThan(games / 2);
		});
	},
);

import { describe, expect, test } from "vitest";
import { boardOf, corner, pointOf } from "../fixtures/diagram.ts";
import type { Board, Color } from "./board.ts";
import {
	agree,
	type Game,
	loseOnTime,
	mark,
	newGame,
	pass,
	play,
	type Refusal,
	resign,
	resume,
} from "./game.ts";

const start = newGame({ size: 9, komi: 6.5, scoring: "area" });

/** The game, if nothing was refused. */
function allowed(result: Game | Refusal): Game {
	if (typeof result === "string") throw new Error(`refused: ${result}`);
	return result;
}

/** A game with this board, and the player to move. */
function gameAt(board: Board, turn: Color): Game {
	return { ...start, board, positions: [...start.positions, board], turn };
}

const passed = (game: Game): Game =>
	allowed(pass(allowed(pass(game, game.turn)), game.turn === "black" ? "white" : "black"));

describe("a move", () => {
	test("is black's at first, then the other's", () => {
		expect(play(start, "white", 0)).toBe("not_your_turn");
		const after = allowed(play(start, "black", 0));
		expect([after.turn, after.moves, after.board[0]]).toEqual(["white", 1, "b"]);
		expect(play(after, "black", 1)).toBe("not_your_turn");
	});

	test.each([-1, 81, 0.5, Number.NaN])("on the point %d is on no board", (point) => {
		expect(play(start, "black", point)).toBe("not_on_board");
	});

	test("on a stone is refused", () => {
		expect(play(allowed(play(start, "black", 40)), "white", 40)).toBe("occupied");
	});

	test("that is suicide is refused", () => {
		const diagram = corner("xb", "b.");
		expect(play(gameAt(boardOf(...diagram), "white"), "white", pointOf("x", ...diagram))).toBe("suicide");
	});

	test("takes prisoners", () => {
		const diagram = corner("wx", "b.");
		const after = allowed(play(gameAt(boardOf(...diagram), "black"), "black", pointOf("x", ...diagram)));
		expect(after.prisoners).toEqual({ black: 1, white: 0 });
	});
});

describe("a position that comes again", () => {
	const diagram = corner(".bw", "bxyw", ".bw");
	const [x, y] = [pointOf("x", ...diagram), pointOf("y", ...diagram)];
	/** Black has a stone on `y`, and white takes it from `x`. */
	const taken = (): Game => {
		const before = boardOf(...diagram.map((row) => row.replace("y", "b")));
		return allowed(play(gameAt(before, "white"), "white", x));
	};

	test("by taking back at once is refused as ko", () => {
		expect(taken().prisoners.white).toBe(1);
		expect(play(taken(), "black", y)).toBe("ko");
	});

	test("is allowed after moves elsewhere, because the position is another one", () => {
		const elsewhere = allowed(play(allowed(play(taken(), "black", 80)), "white", 72));
		expect(typeof play(elsewhere, "black", y)).toBe("object");
	});

	test("is refused after passes, too", () => {
		const resumed = allowed(resume(allowed(pass(allowed(pass(taken(), "black")), "white"))));
		expect(play(resumed, "black", y)).toBe("ko");
	});

	test("after several moves is refused as superko", () => {
		const game = taken();
		expect(play({ ...game, positions: [...game.positions, "a position between"] }, "black", y)).toBe(
			"superko",
		);
	});
});

describe("two passes", () => {
	test("end the moves, and the players mark", () => {
		const game = passed(start);
		expect(game.phase).toBe("marking");
		expect(play(game, "black", 0)).toBe("not_playing");
		expect(pass(game, "black")).toBe("not_playing");
	});

	test("with a move between them do not", () => {
		const game = allowed(pass(allowed(play(allowed(pass(start, "black")), "white", 0)), "black"));
		expect([game.phase, game.passes]).toEqual(["playing", 1]);
	});
});

describe("marking", () => {
	const marking = passed(gameAt(boardOf(...corner("bb.", "..w")), "black"));

	test("marks whole chains, and takes marks away", () => {
		const marked = allowed(mark(marking, 1));
		expect(marked.dead).toEqual([0, 1]);
		expect(allowed(mark(marked, 0)).dead).toEqual([]);
	});

	test("is refused where no stone is, and before two passes", () => {
		expect(mark(marking, 5)).toBe("no_stone");
		expect(mark(start, 0)).toBe("not_marking");
		expect(agree(start, "black")).toBe("not_marking");
		expect(resume(start)).toBe("not_marking");
	});

	test("ends when both agree with the same marks", () => {
		const agreed = allowed(agree(allowed(mark(marking, 0)), "black"));
		expect(agreed.phase).toBe("marking");
		expect(allowed(agree(agreed, "black")).phase).toBe("marking");
		expect(allowed(mark(agreed, 11)).agreed).toEqual([]);
		expect(allowed(agree(agreed, "white")).result).toEqual({
			winner: "white",
			by: "score",
			score: { black: 0, white: 81 + 6.5 },
		});
	});

	test("can be left to go on playing", () => {
		const game = allowed(resume(allowed(mark(marking, 0))));
		expect([game.phase, game.passes, game.dead]).toEqual(["playing", 0, []]);
		expect(typeof play(game, game.turn, 80)).toBe("object");
	});
});

describe("a game is over", () => {
	test("by resignation, at any moment", () => {
		expect(allowed(resign(start, "white")).result).toEqual({
			winner: "black",
			by: "resignation",
			score: undefined,
		});
		expect(allowed(resign(passed(start), "black")).result?.winner).toBe("white");
	});

	test("by time, while stones are placed", () => {
		expect(allowed(loseOnTime(start, "black")).result).toMatchObject({ winner: "white", by: "time" });
		expect(loseOnTime(passed(start), "black")).toBe("not_playing");
	});

	test("and nothing happens to it any more", () => {
		const over = allowed(resign(start, "white"));
		const refusals = [
			play(over, "black", 0),
			pass(over, "black"),
			mark(over, 0),
			agree(over, "black"),
			resume(over),
			resign(over, "black"),
			loseOnTime(over, "black"),
		];
		expect(new Set(refusals)).toEqual(new Set(["game_over"]));
	});
});

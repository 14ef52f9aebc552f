import {
	type Board,
	type Color,
	chainOf,
	emptyBoard,
	opponentOf,
	type Point,
	place,
	type Size,
	stoneAt,
} from "./board.ts";
import { type Count, type Scoring, scoreOf } from "./score.ts";

/** The rules that the players agree on before a game. */
export interface GameRules {
	readonly size: Size;
	/** The points that white gets because black begins. */
	readonly komi: number;
	readonly scoring: Scoring;
}

/** How a game ended. */
export interface Result {
	/** Undefined when both have the same score. */
	readonly winner: Color | undefined;
	readonly by: "score" | "resignation" | "time";
	/** Undefined when the game was not counted. */
	readonly score: Count | undefined;
}

/** A game at one moment: plain data. */
export interface Game {
	readonly rules: GameRules;
	/** Whether stones are placed, dead stones are marked after two passes, or the game is over. */
	readonly phase: "playing" | "marking" | "over";
	readonly board: Board;
	/** All positions of the game in order. The last is the board as it is. */
	readonly positions: readonly Board[];
	/** The player whose move it is. */
	readonly turn: Color;
	/** The number of moves so far; a pass is a move. */
	readonly moves: number;
	/** The number of passes in a row at the end. */
	readonly passes: number;
	/** How many stones each player has captured. */
	readonly prisoners: Count;
	/** The stones that are marked as dead, in order. */
	readonly dead: readonly Point[];
	/** The players that agree with the marks. */
	readonly agreed: readonly Color[];
	readonly result: Result | undefined;
}

/** Why a player may not pass. */
export type PassRefusal = "game_over" | "not_playing" | "not_your_turn";

/** Why a stone may not be placed. */
export type PlayRefusal =
	| PassRefusal
	| "not_on_board"
	| "occupied"
	| "suicide"
	/** The stone would capture the stone that has just captured one. */
	| "ko"
	/** The position was there before. */
	| "superko";

/** Why players cannot agree, or go on. */
export type MarkingRefusal = "game_over" | "not_marking";

/** Why a stone cannot be marked. */
export type MarkRefusal = MarkingRefusal | "not_on_board" | "no_stone";

/** Why something is not allowed. */
export type Refusal = PlayRefusal | MarkRefusal;

export function newGame(rules: GameRules): Game {
	const board = emptyBoard(rules.size);
	return {
		rules,
		phase: "playing",
		board,
		positions: [board],
		turn: "black",
		moves: 0,
		passes: 0,
		prisoners: { black: 0, white: 0 },
		dead: [],
		agreed: [],
		result: undefined,
	};
}

/** Places a stone. */
export function play(game: Game, color: Color, point: Point): Game | PlayRefusal {
	const refusal = refusalOfTurn(game, color);
	if (refusal !== undefined) return refusal;
	if (!isOnBoard(game, point)) return "not_on_board";
	if (stoneAt(game.board, point) !== undefined) return "occupied";
	const placed = place(game.board, point, color);
	if (placed === undefined) return "suicide";
	const { board, captured } = placed;
	if (board === game.positions.at(-2)) return "ko";
	if (game.positions.includes(board)) return "superko";
	return {
		...game,
		board,
		positions: [...game.positions, board],
		turn: opponentOf(color),
		moves: game.moves + 1,
		passes: 0,
		prisoners: { ...game.prisoners, [color]: game.prisoners[color] + captured.length },
	};
}

/** Leaves a move out. After two passes in a row the players mark dead stones. */
export function pass(game: Game, color: Color): Game | PassRefusal {
	const refusal = refusalOfTurn(game, color);
	if (refusal !== undefined) return refusal;
	const passes = game.passes + 1;
	const phase = passes === 2 ? "marking" : "playing";
	return { ...game, phase, passes, turn: opponentOf(color), moves: game.moves + 1 };
}

/** Marks the chain of a stone as dead, or takes the marks away. Players who had agreed have to agree again. */
export function mark(game: Game, stone: Point): Game | MarkRefusal {
	const refusal = refusalOfMarking(game);
	if (refusal !== undefined) return refusal;
	if (!isOnBoard(game, stone)) return "not_on_board";
	if (stoneAt(game.board, stone) === undefined) return "no_stone";
	const chain = new Set(chainOf(game.board, stone).stones);
	const others = game.dead.filter((point) => !chain.has(point));
	const dead = game.dead.includes(stone) ? others : [...others, ...chain].sort((one, other) => one - other);
	return { ...game, dead, agreed: [] };
}

/** Agrees with the marks. When both agree, the game is counted. */
export function agree(game: Game, color: Color): Game | MarkingRefusal {
	const refusal = refusalOfMarking(game);
	if (refusal !== undefined) return refusal;
	if (!game.agreed.includes(opponentOf(color))) return { ...game, agreed: [color] };
	const { komi, scoring } = game.rules;
	const { board, dead, prisoners } = game;
	const score = scoreOf({ board, dead, prisoners, komi, scoring });
	return over(game, { winner: winnerOf(score), by: "score", score });
}

/** Continues the game instead of marking, because the players do not agree. The marks are gone. */
export function resume(game: Game): Game | MarkingRefusal {
	const refusal = refusalOfMarking(game);
	return refusal ?? { ...game, phase: "playing", passes: 0, dead: [], agreed: [] };
}

/** Gives the game up, at any moment. */
export function resign(game: Game, color: Color): Game | "game_over" {
	return lose(game, color, "resignation");
}

/** Ends the game because the time of a player is over. */
export function loseOnTime(game: Game, color: Color): Game | "game_over" | "not_playing" {
	return game.phase === "playing" ? lose(game, color, "time") : refusalOfPlaying(game);
}

function lose(game: Game, color: Color, by: Result["by"]): Game | "game_over" {
	if (game.phase === "over") return "game_over";
	return over(game, { winner: opponentOf(color), by, score: undefined });
}

function over(game: Game, result: Result): Game {
	return { ...game, phase: "over", result };
}

function winnerOf({ black, white }: Count): Color | undefined {
	if (black === white) return undefined;
	return black > white ? "black" : "white";
}

function refusalOfTurn(game: Game, color: Color): PassRefusal | undefined {
	if (game.phase !== "playing") return refusalOfPlaying(game);
	return game.turn === color ? undefined : "not_your_turn";
}

function refusalOfPlaying({ phase }: Game): "game_over" | "not_playing" {
	return phase === "over" ? "game_over" : "not_playing";
}

function refusalOfMarking({ phase }: Game): MarkingRefusal | undefined {
	if (phase === "marking") return undefined;
	return phase === "over" ? "game_over" : "not_marking";
}

function isOnBoard({ rules: { size } }: Game, point: Point): boolean {
	return Number.isInteger(point) && point >= 0 && point < size * size;
}

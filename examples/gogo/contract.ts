import { contract, event, method } from "allium";
import * as z from "zod";

/** The sizes of a board of Go. */
const Gridsize = z.literal([9, 13, 19]);

const Color = z.enum(["white", "black"]);

const NewPlayer = z.object({ color: Color, name: z.string().min(1) });

/** One white and one black. */
const Pair = z
	.array(NewPlayer)
	.refine(
		(players) => players.length === 2 && players[0]?.color !== players[1]?.color,
		"there must be one white and one black player",
	);

const milliseconds = z.int().min(0).max(86_400_000);

/** The main time of each player, and the periods after it. A period in which a move was made starts over. */
const Time = z.object({
	main_ms: milliseconds,
	periods: z.int().min(0).max(100),
	period_ms: milliseconds,
});

const NewMatch = z.object({
	gridsize: Gridsize,
	players: Pair,
	/** The points that white gets because black begins. Default: 7.5 by area, 6.5 by territory. */
	komi: z.number().multipleOf(0.5).min(-400).max(400).optional(),
	/** By area, as in China, or by territory, as in Japan. Default: by area. */
	scoring: z.enum(["area", "territory"]).optional(),
	/** Default: no clocks. */
	time: Time.optional(),
});

/** How a match began: all terms are settled. */
export const MatchStart = NewMatch.required({ komi: true, scoring: true }).extend({
	id: z.string(),
	started_at: z.iso.datetime(),
});

export type MatchStart = z.infer<typeof MatchStart>;

export const Match = z.object({
	id: z.uuid(),
	started_at: z.iso.datetime({ precision: 3 }),
	gridsize: Gridsize,
	/** The number of moves so far. */
	turn: z.int().min(0),
	/** The scores are 0 until the match ends. */
	players: z.array(NewPlayer.extend({ score: z.number() })),
});

export type Match = z.infer<typeof Match>;

/** A point of the board: both count from 0, from the upper left corner. */
const Position = z.object({ x: z.int(), y: z.int() });

const Count = z.object({ black: z.number(), white: z.number() });

const Result = z.object({
	/** Missing when both have the same score. */
	winner: Color.optional(),
	by: z.enum(["score", "resignation", "time"]),
	score: Count.optional(),
});

const Clock = Time.omit({ period_ms: true });

export const Board = z.object({
	id: z.string(),
	/** Dead stones are marked after two passes. */
	phase: z.enum(["playing", "marking", "over"]),
	/** The player whose move it is. */
	player: Color,
	turn: z.int().min(0),
	/** From above: `b`, `w`, and `.` for a point without a stone. */
	rows: z.array(z.string()),
	/** The stones that each player has captured. */
	prisoners: Count,
	/** The stones that are marked as dead. */
	dead: z.array(Position),
	/** The players that agree with the marks. */
	agreed: z.array(Color),
	/** The clocks as they were when the turn began. */
	clocks: z.object({ black: Clock, white: Clock }).optional(),
	turn_began_at: z.iso.datetime(),
	result: Result.optional(),
});

export type Board = z.infer<typeof Board>;

const id = z.string();
const ById = z.object({ id });
const ByPlayer = z.object({ id, player: Color });
const Move = ByPlayer.extend({ at: z.iso.datetime() });

const match_not_found = { code: "not_found", message: "there is no such match" } as const;

/** The errors of the rules of Go, with a sentence for each. */
const refused = <const M extends string>(message: M) => ({ code: "failed_precondition", message }) as const;
const game_over = refused("the match is over");
const not_playing = refused("both players have passed: mark dead stones and agree, or resume");
const not_marking = refused("dead stones are marked after two passes");
const not_your_turn = refused("it is the other player's turn");
const not_on_board = { code: "invalid_argument", message: "the board has no such point" } as const;
const no_stone = refused("there is no stone");

const passErrors = { match_not_found, game_over, not_playing, not_your_turn };
const markingErrors = { match_not_found, game_over, not_marking };

/** The contract of Cloud Native Go's gogo-service: matches of Go. */
export const Matches = contract(
	"matches",
	{
		create: method({ summary: "Starts a match.", input: NewMatch, output: Match }),
		start: method({
			summary: "Starts a match whose id the caller has chosen. The same again is the same match.",
			input: NewMatch.extend({ id: z.uuid() }),
			output: Match,
			errors: {
				match_exists: { code: "already_exists", message: "there is another match with this id" },
			},
			effect: "idempotent",
		}),
		list: method({ summary: "All matches.", output: z.array(Match), effect: "read" }),
		get: method({
			summary: "One match.",
			input: ById,
			output: Match,
			errors: { match_not_found },
			effect: "read",
		}),
		board: method({
			summary: "The board of a match, and what is known about it.",
			input: ById,
			output: Board,
			errors: { match_not_found },
			effect: "read",
		}),

		play: method({
			summary: "Places a stone.",
			input: ByPlayer.extend({ position: Position }),
			output: Board,
			errors: {
				...passErrors,
				not_on_board,
				occupied: refused("there is a stone already"),
				suicide: refused("the stone would have no liberty"),
				ko: refused("it would take back the stone that has just taken one: play elsewhere first"),
				superko: refused("the board was like this before"),
			},
		}),
		pass: method({ summary: "Leaves a move out.", input: ByPlayer, output: Board, errors: passErrors }),
		mark: method({
			summary: "Marks the stones of a chain as dead, or takes their marks away.",
			input: ById.extend({ position: Position }),
			output: Board,
			errors: { ...markingErrors, not_on_board, no_stone },
		}),
		agree: method({
			summary: "Agrees with the marks. The match is counted when both do.",
			input: ByPlayer,
			output: Board,
			errors: markingErrors,
		}),
		resume: method({
			summary: "Goes on with the match, because the players do not agree.",
			input: ById,
			output: Board,
			errors: markingErrors,
		}),
		resign: method({
			summary: "Gives the match up.",
			input: ByPlayer,
			output: Board,
			errors: { match_not_found, game_over },
		}),

		started: event({ key: "id", data: MatchStart }),
		played: event({ key: "id", data: Move.extend({ position: Position }) }),
		passed: event({ key: "id", data: Move }),
		marked: event({ key: "id", data: ById.extend({ position: Position }) }),
		agreed: event({ key: "id", data: ByPlayer }),
		resumed: event({ key: "id", data: ById.extend({ at: z.iso.datetime() }) }),
		resigned: event({ key: "id", data: ByPlayer }),
		lost_on_time: event({ key: "id", data: ByPlayer }),
		ended: event({ key: "id", data: Result.extend({ id }) }),
	},
	{ version: "1.1.0", summary: "Matches of Go." },
);

import { contract, method } from "allium";
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

export const Match = z.object({
	id: z.uuid(),
	started_at: z.iso.datetime({ precision: 3 }),
	gridsize: Gridsize,
	turn: z.int().min(0),
	players: z.array(NewPlayer.extend({ score: z.int() })),
});

export type Match = z.infer<typeof Match>;

/** The contract of Cloud Native Go's gogo-service: matches of Go. */
export const Matches = contract(
	"matches",
	{
		create: method({
			summary: "Starts a match.",
			input: z.object({ gridsize: Gridsize, players: Pair }),
			output: Match,
		}),
		list: method({ summary: "All matches.", output: z.array(Match), effect: "read" }),
		get: method({
			summary: "One match.",
			input: z.object({ id: z.string() }),
			output: Match,
			errors: { match_not_found: { code: "not_found", message: "there is no such match" } },
			effect: "read",
		}),
	},
	{ version: "1.0.0", summary: "Matches of Go." },
);

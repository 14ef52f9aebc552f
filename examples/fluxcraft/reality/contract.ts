import { contract, method, stream } from "allium";
import * as z from "zod";
import { Game, Joined, Left, Moved, Name } from "../game.ts";

/** The current game, or a change of it. */
export const News = z.discriminatedUnion("kind", [
	Game.extend({ kind: z.literal("snapshot") }),
	Joined.extend({ kind: z.literal("joined") }),
	Moved.extend({ kind: z.literal("moved") }),
	Left.extend({ kind: z.literal("left") }),
]);

export type News = z.infer<typeof News>;

const of = {
	input: z.object({ id: Name }),
	errors: { no_such_game: { code: "not_found", message: "there is no such game" } },
	effect: "read",
} as const;

/** The states of games. */
export const Reality = contract(
	"reality",
	{
		get: method({ summary: "How a game is.", ...of, output: Game }),
		watch: method({
			summary:
				"How a game is, and then each change, in order. Each has the next version. Where a reader is too slow for that, another snapshot stands for what it missed.",
			...of,
			output: stream(News),
		}),
	},
	{ version: "1.0.0", summary: "How games are." },
);

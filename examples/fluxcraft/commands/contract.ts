import { contract, event, method } from "allium";
import * as z from "zod";
import { Created, Game, IslandName, Joined, Left, Moved, Name } from "../game.ts";

const who = { id: Name, player: Name };

const no_such_game = { code: "not_found", message: "there is no such game" } as const;
const not_in_game = { code: "failed_precondition", message: "this player is not in the game" } as const;

/** The commands of players, and the events of games. All events of a game are in order. */
export const Games = contract(
	"games",
	{
		create: method({
			summary:
				"Begins a game on an island. The caller chooses its id, so that a second attempt begins no second game.",
			input: z.object({ id: Name, island: IslandName }),
			output: Game,
			errors: {
				game_exists: { code: "already_exists", message: "there is such a game, on another island" },
			},
		}),
		join: method({
			summary: "A player joins a game, on a free tile.",
			input: z.object({ ...who, name: Name }),
			output: Game,
			errors: {
				no_such_game,
				already_joined: { code: "already_exists", message: "this player is in the game" },
				island_full: { code: "failed_precondition", message: "no tile of the island is free" },
			},
		}),
		move: method({
			summary: "A player moves by one tile.",
			input: z.object({ ...who, direction: z.enum(["north", "east", "south", "west"]) }),
			output: Game,
			errors: {
				no_such_game,
				not_in_game,
				off_island: { code: "failed_precondition", message: "the island ends here" },
				not_walkable: {
					code: "failed_precondition",
					message: "this tile cannot be walked on",
					data: z.object({ tile: z.string() }),
				},
				occupied: {
					code: "failed_precondition",
					message: "another player is there",
					data: z.object({ player: z.string() }),
				},
			},
		}),
		leave: method({
			summary: "A player leaves a game.",
			input: z.object(who),
			output: Game,
			errors: { no_such_game, not_in_game },
		}),
		created: event({ summary: "A game began.", key: "id", data: Created }),
		joined: event({ summary: "A player joined.", key: "id", data: Joined }),
		moved: event({ summary: "A player moved.", key: "id", data: Moved }),
		left: event({ summary: "A player left.", key: "id", data: Left }),
	},
	{ version: "1.0.0", summary: "Games on islands." },
);

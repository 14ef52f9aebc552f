import { decider } from "allium";
import type { Game } from "../game.ts";
import { islands, isSame, step, tileAt, walkable } from "../map.ts";
import { Games } from "./contract.ts";

/** A game before it is created. */
export const noGame: Game = { id: "", version: 0, island: "atoll", players: [] };

/** The commands of players, and their events. */
export const rules = decider(Games, {
	id: "id",
	initial: noGame,
	decide: {
		create({ id, island }, game) {
			if (!exists(game)) return Games.created({ id, version: 1, island });
			if (game.island !== island) throw Games.create.error.game_exists();
			return [];
		},

		join(input, game) {
			if (!exists(game)) throw Games.join.error.no_such_game();
			if (playerIn(game, input.player)) throw Games.join.error.already_joined();
			const free = walkable(islands[game.island]).find(
				(tile) => !game.players.some(({ position }) => isSame(position, tile)),
			);
			if (free === undefined) throw Games.join.error.island_full();
			return Games.joined({ ...input, version: game.version + 1, position: free });
		},

		move({ id, player, direction }, game) {
			if (!exists(game)) throw Games.move.error.no_such_game();
			const mover = playerIn(game, player);
			if (mover === undefined) throw Games.move.error.not_in_game();
			const position = step(mover.position, direction);
			const tile = tileAt(islands[game.island], position);
			if (tile === undefined) throw Games.move.error.off_island();
			if (!tile.isWalkable) throw Games.move.error.not_walkable({ tile: tile.name });
			const other = game.players.find((each) => isSame(each.position, position));
			if (other !== undefined) throw Games.move.error.occupied({ player: other.player });
			return Games.moved({ id, version: game.version + 1, player, position });
		},

		leave({ id, player }, game) {
			if (!exists(game)) throw Games.leave.error.no_such_game();
			if (!playerIn(game, player)) throw Games.leave.error.not_in_game();
			return Games.left({ id, version: game.version + 1, player });
		},
	},
	evolve: {
		created: (_, { id, version, island }) => ({ id, version, island, players: [] }),
		joined: (game, { version, player, name, position }) => ({
			...game,
			version,
			players: [...game.players, { player, name, position }],
		}),
		moved: (game, { version, player, position }) => ({
			...game,
			version,
			players: game.players.map((each) => (each.player === player ? { ...each, position } : each)),
		}),
		left: (game, { version, player }) => ({
			...game,
			version,
			players: game.players.filter((each) => each.player !== player),
		}),
	},
});

function exists({ version }: Game): boolean {
	return version > 0;
}

function playerIn({ players }: Game, player: string): Game["players"][number] | undefined {
	return players.find((each) => each.player === player);
}

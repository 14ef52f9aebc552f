import * as z from "zod";
import { islands } from "./map.ts";

/** Ids and names of people: short texts. */
export const Name = z.string().min(1).max(64);

export const IslandName = z.literal(names(islands));

const Position = z.object({ x: z.int(), y: z.int() });

/** A player, and the player's position. */
export const Player = z.object({ player: Name, name: Name, position: Position });

/**
 * The state of a game. Its version counts its changes, from 1: a reader that has version 3 and learns of a change with
 * version 4 has missed nothing.
 */
export const Game = z.object({
	id: Name,
	version: z.int(),
	island: IslandName,
	/** In the order in which they joined. */
	players: z.array(Player),
});

export type Game = z.infer<typeof Game>;

/** The fields of every change: the game that it is about, and the version of the game after it. */
const change = { id: Name, version: z.int() };

export const Created = z.object({ ...change, island: IslandName });
export const Joined = z.object({ ...change, ...Player.shape });
export const Moved = z.object({ ...change, player: Name, position: Position });
export const Left = z.object({ ...change, player: Name });

function names<T extends object>(object: T): (keyof T)[] {
	return Object.keys(object) as (keyof T)[];
}

/** The kinds of tiles, by their signs on the map. */
export const tiles = {
	".": { name: "grass", isWalkable: true },
	_: { name: "sand", isWalkable: true },
	"~": { name: "water", isWalkable: false },
	T: { name: "tree", isWalkable: false },
	"^": { name: "mountain", isWalkable: false },
} as const;

export type Tile = (typeof tiles)[keyof typeof tiles];

/** The rows of an island from north to south, each from west to east. */
export type Island = readonly string[];

/** The islands by name. */
export const islands = {
	atoll: [
		"~~~~~~~~~~",
		"~~_....~~~",
		"~_..TT._~~",
		"~..~~~.._~",
		"~..~~~.^_~",
		"~_..T..^_~",
		"~~__...~~~",
		"~~~~~~~~~~",
	],
	ridge: ["_.....T.^^", "_..T....^^", "_.....^^^.", "__..^^^...", "~_...^..T.", "~~__......"],
} as const satisfies Readonly<Record<string, Island>>;

export type IslandName = keyof typeof islands;

/** A place on an island: `x` counts tiles to the east, `y` to the south, each from 0. */
export interface Position {
	readonly x: number;
	readonly y: number;
}

const steps = {
	north: { x: 0, y: -1 },
	east: { x: 1, y: 0 },
	south: { x: 0, y: 1 },
	west: { x: -1, y: 0 },
} as const;

export type Direction = keyof typeof steps;

/** The position one tile away. It may be off the island. */
export function step({ x, y }: Position, direction: Direction): Position {
	const by = steps[direction];
	return { x: x + by.x, y: y + by.y };
}

/** Undefined off the island. */
export function tileAt(island: Island, { x, y }: Position): Tile | undefined {
	const sign = island[y]?.[x];
	return sign !== undefined && isSign(sign) ? tiles[sign] : undefined;
}

/** No position off the island is walkable. */
export function isWalkable(island: Island, position: Position): boolean {
	return tileAt(island, position)?.isWalkable ?? false;
}

export function isSame(one: Position, other: Position): boolean {
	return one.x === other.x && one.y === other.y;
}

/** All positions that can be walked on, row by row from the north. */
export function walkable(island: Island): Position[] {
	const all = island.flatMap((row, y) => Array.from(row, (_, x) => ({ x, y })));
	return all.filter((position) => isWalkable(island, position));
}

function isSign(sign: string): sign is keyof typeof tiles {
	return Object.hasOwn(tiles, sign);
}

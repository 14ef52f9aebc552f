import { type Board, beside, type Color, type Point, stoneAt, without } from "./board.ts";

/** How a game is counted: by area, as in China, or by territory, as in Japan. */
export type Scoring = "area" | "territory";

/** A number of points, stones or prisoners of each color. */
export type Count = Readonly<Record<Color, number>>;

/** The data from which a game is counted. */
export interface Counting {
	readonly board: Board;
	/** The stones on the board that cannot escape capture, as both players agree. */
	readonly dead: readonly Point[];
	/** How many stones each player has captured. */
	readonly prisoners: Count;
	/** The points that white gets because black begins. */
	readonly komi: number;
	readonly scoring: Scoring;
}

/** Empty points that are connected, and the colors beside them. */
interface Region {
	readonly points: number;
	readonly colors: ReadonlySet<Color>;
}

/**
 * Counts a game, once its dead stones are taken from the board. An empty region belongs to a player when it touches
 * stones of no other.
 *
 * - By area, a player has the stones on the board and the empty points that belong to the player.
 * - By territory, a player has the empty points that belong to the player, and the prisoners, among which are the dead
 *   stones. Eyes of chains that live in seki count, too: Japanese rules do not count them, and leave it to the players
 *   to say which they are.
 */
export function scoreOf({ board, dead, prisoners, komi, scoring }: Counting): Count {
	const clean = without(board, new Set(dead));
	const points = { black: 0, white: komi };
	for (const { colors, points: size } of regionsOf(clean)) {
		const [owner, other] = colors;
		if (owner !== undefined && other === undefined) points[owner] += size;
	}
	const stones = scoring === "area" ? stonesOn(clean) : { black: 0, white: 0 };
	const taken = scoring === "territory" ? prisonersWith(dead, board, prisoners) : { black: 0, white: 0 };
	return {
		black: points.black + stones.black + taken.black,
		white: points.white + stones.white + taken.white,
	};
}

function stonesOn(board: Board): Count {
	const count = { black: 0, white: 0 };
	for (let point = 0; point < board.length; point++) {
		const color = stoneAt(board, point);
		if (color !== undefined) count[color]++;
	}
	return count;
}

function prisonersWith(dead: readonly Point[], board: Board, { black, white }: Count): Count {
	const count = { black, white };
	for (const point of new Set(dead)) {
		const color = stoneAt(board, point);
		if (color !== undefined) count[color === "black" ? "white" : "black"]++;
	}
	return count;
}

function regionsOf(board: Board): Region[] {
	const regions: Region[] = [];
	const seen = new Set<Point>();
	for (let point = 0; point < board.length; point++) {
		if (board[point] === "." && !seen.has(point)) regions.push(regionAt(board, point, seen));
	}
	return regions;
}

function regionAt(board: Board, first: Point, seen: Set<Point>): Region {
	const points = [first];
	const colors = new Set<Color>();
	seen.add(first);
	for (const point of points) {
		for (const next of beside(board, point)) {
			const color = stoneAt(board, next);
			if (color !== undefined) colors.add(color);
			else if (!seen.has(next)) {
				seen.add(next);
				points.push(next);
			}
		}
	}
	return { points: points.length, colors };
}

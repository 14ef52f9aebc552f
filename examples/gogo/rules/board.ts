/** The players, and their stones. */
export type Color = "black" | "white";

/** How many lines a board has in each direction. */
export type Size = 9 | 13 | 19;

/** An intersection, counted row by row from the upper left corner, which is 0. */
export type Point = number;

/** The stones on a board, row by row: `b`, `w`, and `.` for an empty point. Equal positions are equal texts. */
export type Board = string;

/** Stones of one color that are connected along the lines. */
export interface Chain {
	readonly stones: readonly Point[];
	/** The empty points beside it. A chain without any is captured. */
	readonly liberties: ReadonlySet<Point>;
}

/** A board after a stone was placed, and the stones that it captured. */
export interface Placed {
	readonly board: Board;
	readonly captured: readonly Point[];
}

const letters = { black: "b", white: "w" } as const;

/** A board without stones. */
export function emptyBoard(size: Size): Board {
	return ".".repeat(size * size);
}

export function opponentOf(color: Color): Color {
	return color === "black" ? "white" : "black";
}

/** The stone on a point; undefined on an empty one. */
export function stoneAt(board: Board, point: Point): Color | undefined {
	if (board[point] === letters.black) return "black";
	return board[point] === letters.white ? "white" : undefined;
}

/** The points beside a point: two in a corner, three at an edge, four elsewhere. */
export function beside(board: Board, point: Point): readonly Point[] {
	return tableOf(Math.sqrt(board.length))[point] ?? [];
}

/** The chain of a stone. */
export function chainOf(board: Board, stone: Point): Chain {
	const stones = [stone];
	const seen = new Set(stones);
	const liberties = new Set<Point>();
	for (const each of stones) {
		for (const next of beside(board, each)) {
			if (board[next] === ".") liberties.add(next);
			else if (board[next] === board[stone] && !seen.has(next)) {
				seen.add(next);
				stones.push(next);
			}
		}
	}
	return { stones, liberties };
}

/**
 * Places a stone on an empty point, and removes the opponent's chains that have no liberty left. Undefined if the
 * stone's own chain then has none: suicide is forbidden.
 */
export function place(board: Board, point: Point, color: Color): Placed | undefined {
	const withStone = board.slice(0, point) + letters[color] + board.slice(point + 1);
	const captured = new Set<Point>();
	for (const next of beside(board, point)) {
		if (stoneAt(withStone, next) !== opponentOf(color) || captured.has(next)) continue;
		const { stones, liberties } = chainOf(withStone, next);
		if (liberties.size === 0) for (const stone of stones) captured.add(stone);
	}
	const after = without(withStone, captured);
	if (captured.size === 0 && chainOf(after, point).liberties.size === 0) return undefined;
	return { board: after, captured: [...captured] };
}

/** A board without some of its stones. */
export function without(board: Board, points: ReadonlySet<Point>): Board {
	if (points.size === 0) return board;
	return Array.from(board, (stone, point) => (points.has(point) ? "." : stone)).join("");
}

const tables = new Map<number, readonly (readonly Point[])[]>();

/** The neighbours of all points of a board with `size` lines. */
function tableOf(size: number): readonly (readonly Point[])[] {
	const known = tables.get(size);
	if (known !== undefined) return known;
	const table = Array.from({ length: size * size }, (_, point) => {
		const [row, column] = [Math.floor(point / size), point % size];
		return [
			...(row > 0 ? [point - size] : []),
			...(column > 0 ? [point - 1] : []),
			...(column < size - 1 ? [point + 1] : []),
			...(row < size - 1 ? [point + size] : []),
		];
	});
	tables.set(size, table);
	return table;
}

/** A figure, and what it is of. */
export type Row = readonly [what: string, figure: string];

/** Lays out figures in two columns. */
export function table(rows: readonly Row[]): string {
	const width = Math.max(...rows.map(([what]) => what.length));
	return rows.map(([what, figure]) => `${what.padEnd(width)}  ${figure}`).join("\n");
}

/** Milliseconds for people: `830 ms`, `12.4 s`. */
export function duration(milliseconds: number): string {
	return milliseconds < 10_000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1_000).toFixed(1)} s`;
}

/** A count for people: `12,345`. */
export function count(value: number): string {
	return Math.round(value).toLocaleString("en");
}

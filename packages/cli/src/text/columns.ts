import { stripVTControlCharacters } from "node:util";

/** Lines of cells, each column as wide as its widest cell, two blanks between them, nothing at the ends of lines. */
export function columns(rows: readonly (readonly string[])[]): string[] {
	const widths: number[] = [];
	for (const row of rows) {
		for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, width(cell));
	}
	return rows.map((row) =>
		row
			.map((cell, index) => cell + " ".repeat((widths[index] ?? 0) - width(cell)))
			.join("  ")
			.trimEnd(),
	);
}

/** How much room a text takes; colours take none. */
function width(text: string): number {
	return stripVTControlCharacters(text).length;
}

/** Breaks a text into lines that are at most so wide, at its blanks. */
export function wrap(text: string, width: number): string[] {
	const lines: string[] = [];
	let line = "";
	for (const word of text.split(" ")) {
		if (line !== "" && line.length + 1 + word.length > width) {
			lines.push(line);
			line = "";
		}
		line += line === "" ? word : ` ${word}`;
	}
	return [...lines, line];
}

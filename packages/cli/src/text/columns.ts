import { printable } from "@allium/core/printable";
import { unstyled } from "../terminal/seal.ts";

/** Lines of cells, each column as wide as its widest cell, two blanks between them, nothing at the ends of lines. */
export function columns(table: readonly (readonly string[])[]): string[] {
	// A cell that broke its line would look like another row.
	const rows = table.map((cells) => cells.map((cell) => cell.replaceAll("\n", "\\n").replaceAll("\t", " ")));
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
	return printable(unstyled(text)).length;
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

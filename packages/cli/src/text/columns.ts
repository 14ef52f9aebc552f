import { printable } from "@allium/core/printable";
import { unstyled } from "../terminal/seal.ts";

/** Lays out lines of cells: each column is as wide as its widest cell, with two blanks between columns. */
export function columns(table: readonly (readonly string[])[]): string[] {
	// A line break within a cell would look like another row.
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

/** The width of a text in columns, without its colours. */
function width(text: string): number {
	return printable(unstyled(text)).length;
}

/** Breaks a text at its blanks into lines of a maximum width. */
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

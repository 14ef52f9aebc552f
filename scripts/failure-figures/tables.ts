/** A table in a page of Markdown. */
export interface Table {
	/** The text of the first cell of its head. */
	readonly title: string;
	/** The cells, without the line below the head. */
	readonly rows: readonly (readonly string[])[];
	readonly text: string;
}

/** The tables of a page. */
export function tablesIn(page: string): Table[] {
	return Array.from(page.matchAll(/^(?:\|.*\|\n?)+/gm), ([match]) => {
		const text = match.trimEnd();
		const lines = text.split("\n").filter((line) => !line.startsWith("|---"));
		const rows = lines.map((line) => line.slice(2, -2).split(" | "));
		return { title: rows[0]?.[0] ?? "", rows, text };
	});
}

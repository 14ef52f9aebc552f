import { type Outcome, play, type Scene } from "./scene.ts";

/** A comparison: the same failure, handled in several ways. */
export interface Figure {
	/** The failure. It is the title of the table. */
	readonly title: string;
	/** The outcomes to show. */
	readonly columns: readonly (keyof Outcome)[];
	/** The ways to handle it. */
	readonly rows: Readonly<Record<string, Scene>>;
}

const heads: Record<keyof Outcome, string> = {
	answered: "answered",
	p50: "p50",
	p99: "p99",
	attempts: "attempts per call",
	handled: "handled per call",
};

/** Plays the scenes of a figure, and returns its table in Markdown. */
export async function tableOf({ title, columns, rows }: Figure): Promise<string> {
	const lines = [`| ${[title, ...columns.map((column) => heads[column])].join(" | ")} |`];
	lines.push(`|---|${"---:|".repeat(columns.length)}`);
	for (const [name, scene] of Object.entries(rows)) {
		const outcome = await play(scene);
		const cells = columns.map((column) => cell(column, outcome[column]));
		lines.push(`| ${[name, ...cells].join(" | ")} |`);
	}
	return lines.join("\n");
}

function cell(column: keyof Outcome, value: number): string {
	if (column === "answered") return `${Math.floor(1_000 * value) / 10}%`;
	if (column === "attempts" || column === "handled") return value.toFixed(2);
	if (value === Number.POSITIVE_INFINITY) return "never";
	return value < 10 ? `${value.toFixed(1)} ms` : `${Math.round(value)} ms`;
}

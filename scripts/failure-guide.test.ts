import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { tableOf } from "./failure-figures/figure.ts";
import { figures } from "./failure-figures/figures.ts";
import { tablesIn } from "./failure-figures/tables.ts";

const guide = await readFile(new URL("../docs/guide/failure.md", import.meta.url), "utf8");
const tables = tablesIn(guide);

/** The number in a cell, if it is one. */
const numberOf = (cell: string): number =>
	/^[\d.]+( ms|%)?$/.test(cell) ? Number.parseFloat(cell) : Number.NaN;

/** Whether two cells agree: measured values to within a fifth, or 3 ms, 3% or 0.03. */
function agree(one: string, other: string): boolean {
	const [a, b] = [numberOf(one), numberOf(other)];
	if (Number.isNaN(a) || Number.isNaN(b)) return one === other;
	if (one.endsWith("%")) return other.endsWith("%") && Math.abs(a - b) <= 3;
	return Math.abs(a - b) <= Math.max(one.endsWith("ms") ? 3 : 0.03, Math.max(a, b) / 5);
}

describe("the guide to failure shows what the simulator does", () => {
	test("in all of its tables", () => {
		expect(tables.map(({ title }) => title)).toEqual(figures.map(({ title }) => title));
	});

	test.each(figures)("$title", async (figure) => {
		const [measured] = tablesIn(await tableOf(figure));
		const shown = tables.find(({ title }) => title === figure.title);
		const isSame = measured?.rows.every((row, n) =>
			row.every((cell, m) => agree(cell, shown?.rows[n]?.[m] ?? "")),
		);
		// scripts/failure-figures.ts --write brings the guide up to date; then see that its text still holds.
		if (isSame !== true) expect(shown?.text).toBe(measured?.text);
		expect(shown?.rows.length).toBe(measured?.rows.length);
	});
});

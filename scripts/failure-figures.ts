// The figures of docs/guide/failure.md, from the simulator: node scripts/guard.mjs scripts/failure-figures.ts
// With --write they are put into the guide.

import { readFile, writeFile } from "node:fs/promises";
import { tableOf } from "./failure-figures/figure.ts";
import { figures } from "./failure-figures/figures.ts";
import { tablesIn } from "./failure-figures/tables.ts";

const guide = new URL("../docs/guide/failure.md", import.meta.url);
let text = await readFile(guide, "utf8");
for (const figure of figures) {
	const table = await tableOf(figure);
	const before = tablesIn(text).find(({ title }) => title === figure.title);
	if (before !== undefined) text = text.replace(before.text, () => table);
	console.log(`${table}\n`);
}
if (process.argv.includes("--write")) await writeFile(guide, text);

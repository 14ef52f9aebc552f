import { readFileSync } from "node:fs";
import { defaultFrameLimits } from "@allium/core/frames";
import { expect, test } from "vitest";
import { defaultServerLimits } from "./limits.ts";

const guide = readFileSync(new URL("../../../../docs/guide/limits.md", import.meta.url), "utf8");

/** The names and defaults in the table under a heading. */
function documented(heading: string): Record<string, number> {
	const [, section = ""] = guide.split(`\n## ${heading}\n`);
	const [table = ""] = section.split("\n## ");
	const rows = table.matchAll(/^\| `(\w+)` \| ([\d,]+) \|/gm);
	return Object.fromEntries(
		[...rows].map(([, name, value = ""]) => [name, Number(value.replaceAll(",", ""))]),
	);
}

test("the guide names every limit of the port with its default", () => {
	expect(documented("The port and HTTP")).toEqual(defaultServerLimits);
});

test("the guide names every limit of frames with its default", () => {
	expect(documented("Frames")).toEqual(defaultFrameLimits);
});

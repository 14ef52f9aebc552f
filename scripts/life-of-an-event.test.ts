import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "./workspace/root.ts";

const folder = join(root, "docs/guide");
const guide = readFileSync(join(folder, "life-of-an-event.md"), "utf8");

/** A function or a class, and its file from the folder of the guide. */
const steps = [...guide.matchAll(/\[`([^`]+)`\]\(([^)]+)\)/g)].map(([, name = "", link = ""]) => ({
	name,
	link,
}));

test("the guide's walk of an event has steps", () => {
	expect(steps.length).toBeGreaterThan(30);
});

test.each(steps)("the guide's walk of an event passes $name in $link", ({ name, link }) => {
	const words = "(?:export |async |readonly |function |const |class )*";
	const declaration = new RegExp(`^\\t*${words}${name}\\b(?=[ (:<=])`, "m");
	expect(readFileSync(join(folder, link), "utf8")).toMatch(declaration);
});

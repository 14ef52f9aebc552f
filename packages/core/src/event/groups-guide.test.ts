import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type CheckedOptions, checkedOptions, type SubscribeOptions } from "./subscribe-options.ts";

const guide = readFileSync(new URL("../../../../docs/guide/groups.md", import.meta.url), "utf8");

/** The options in the table of the guide, with their defaults. */
const documented = new Map(
	[...guide.matchAll(/^\| `([\w.]+)` \| (.+?) \| /gm)].map(([, option = "", shown = ""]) => [option, shown]),
);

/** Every option. The compiler refuses one that is missing or that there is not. */
const options: Record<keyof SubscribeOptions, "has parts" | undefined> = {
	group: undefined,
	each: undefined,
	from: undefined,
	concurrency: undefined,
	bytes: undefined,
	timeoutMs: undefined,
	retry: "has parts",
	park: undefined,
	order: undefined,
	middleware: undefined,
	critical: undefined,
};

const { retry, asked: _, ...others }: CheckedOptions = checkedOptions("a group", {});
const parts = Object.entries(retry).map(([name, value]) => [`retry.${name}`, value] as const);

test("the guide to groups names every option of subscribe, and no other", () => {
	const plain = Object.entries(options).flatMap(([name, hasParts]) => (hasParts === undefined ? [name] : []));
	expect([...documented.keys()].sort()).toEqual([...plain, ...parts.map(([name]) => name)].sort());
});

test.each([...Object.entries(others), ...parts])("the guide says the default of %s", (name, value) => {
	const shown = typeof value === "number" ? value.toLocaleString("en-US") : `\`${value}\``;
	expect(documented.get(name)).toBe(shown);
});

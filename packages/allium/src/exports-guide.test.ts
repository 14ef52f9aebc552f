import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import * as allium from "./index.ts";

const read = (file: string): string => readFileSync(new URL(file, import.meta.url), "utf8");
const [guide = ""] = read("../../../docs/guide/exports.md").split("\n## Elsewhere\n");

/** The names in the first column of the tables. */
const documented = [...guide.matchAll(/^\| (.*?`.*?) \| /gm)].flatMap(([, cell = ""]) =>
	[...cell.matchAll(/(\*?)`(\w+)`/g)].map(([, isType, name = ""]) => ({ name, isType: isType === "*" })),
);

/** The names that the sources of the package export, types among them. */
const exported = ["./index.ts", "./portable.ts"].flatMap((file) => {
	const source = read(file);
	const lists = [...source.matchAll(/^export \{([^}]*)\} from/gm)].flatMap(([, list = ""]) =>
		list.split(","),
	);
	const functions = [...source.matchAll(/^export function (\w+)/gm)].map(([, name = ""]) => name);
	return [...lists, ...functions]
		.map((name) => name.replace("type ", "").trim())
		.filter((name) => name !== "");
});

test("the guide names everything that the package exports, each once, and nothing else", () => {
	expect(documented.map(({ name }) => name).sort()).toEqual(exported.sort());
});

test("the guide tells types from values", () => {
	const values = documented.filter(({ isType }) => !isType).map(({ name }) => name);
	expect(values.sort()).toEqual(Object.keys(allium).sort());
});

import { expect, test } from "vitest";
import { entries } from "./entries.ts";

const files = (name: string): Record<string, string> => ({
	"@allium/source": `./src/${name}.ts`,
	types: `./dist/${name}.d.ts`,
	default: `./dist/${name}.js`,
});

test("each subpath is an entry", () => {
	expect(entries({ ".": files("index"), "./load": files("load/index") })).toEqual([
		{ name: "index", source: "./src/index.ts" },
		{ name: "load/index", source: "./src/load/index.ts" },
	]);
});

test("so is what stands for one under a condition", () => {
	expect(entries({ ".": { browser: files("browser"), ...files("index") } })).toEqual([
		{ name: "index", source: "./src/index.ts" },
		{ name: "browser", source: "./src/browser.ts" },
	]);
});

test("a package without exports has none", () => {
	expect(entries(undefined)).toEqual([]);
});

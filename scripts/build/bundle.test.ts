import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { root } from "../workspace/root.ts";
import { bundle, canBundle } from "./bundle.ts";

let folder: string;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "allium-bundle-"));
	mkdirSync(join(folder, "src"));
	writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(file: string, text: string): void {
	writeFileSync(join(folder, "src", file), text);
}

const entry = (name: string) => ({ "@allium/source": `./src/${name}.ts`, default: `./dist/${name}.js` });

describe("a package of two entries that share a module", () => {
	beforeEach(async () => {
		write("shared.ts", 'import { sep } from "node:path";\nexport class Shared { separator: string = sep; }');
		write("index.ts", 'export { Shared } from "./shared.ts";\nexport const one: number = 1;');
		write("other.ts", 'import { Shared } from "./shared.ts";\nexport const shared: Shared = new Shared();');
		await bundle(folder, { ".": entry("index"), "./other": entry("other") }, join(folder, "dist"));
	});

	test("has a file for each, and the module once", async () => {
		const { Shared, one } = await import(join(folder, "dist/index.js"));
		const { shared } = await import(join(folder, "dist/other.js"));
		expect(one).toBe(1);
		expect(shared).toBeInstanceOf(Shared);
	});

	test("imports the files of other packages", () => {
		expect(readFileSync(join(folder, "dist/other.js"), "utf8")).not.toContain("class Shared");
		expect(readFileSync(join(folder, "dist/chunks/shared.js"), "utf8")).toMatch(/from "node:path"/);
	});
});

test("an entry that imports what there is not cannot be bundled", async () => {
	write("index.ts", 'export { gone } from "./gone.ts";');
	await expect(bundle(folder, { ".": entry("index") }, join(folder, "dist"))).rejects.toThrow("gone.ts");
});

test("a package whose modules look for files beside themselves is not bundled, whatever its tests do", () => {
	write("index.ts", "export const one: number = 1;");
	write("index.test.ts", "const here = import.meta.url;");
	expect(canBundle(folder)).toBe(true);
	write("template.ts", 'export const template = new URL("../templates", import.meta.url);');
	expect(canBundle(folder)).toBe(false);
});

test("a package whose modules require another one is bundled", () => {
	write("lazy.ts", 'export const lazy = (): unknown => createRequire(import.meta.url)("croner");');
	expect(canBundle(folder)).toBe(true);
});

test.each(["packages/core", "packages/events", "packages/node", "packages/allium", "adapters/sqlite"])(
	"%s is bundled, as every service loads it, and each file takes time at the start",
	(path) => {
		expect(canBundle(join(root, path))).toBe(true);
	},
);

import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { dataFolder } from "./index.ts";

describe("dataFolder", () => {
	let root: string;
	let deep: string;

	beforeEach(() => {
		root = realpathSync(mkdtempSync(join(tmpdir(), "allium-folder-")));
		deep = join(root, "packages", "shop", "src");
		mkdirSync(deep, { recursive: true });
	});
	afterEach(() => rmSync(root, { recursive: true }));

	test("is .allium in the current folder when nothing else is around", () => {
		expect(dataFolder("sqlite:", deep)).toBe(join(deep, ".allium"));
	});

	test("is in the root of the npm workspace around the current folder", () => {
		writeFileSync(join(root, "package.json"), '{ "workspaces": ["packages/*"] }');
		writeFileSync(join(root, "packages", "shop", "package.json"), '{ "name": "shop" }');
		expect(dataFolder("sqlite:", deep)).toBe(join(root, ".allium"));
	});

	test("is the one of the nearest ancestor that has one", () => {
		writeFileSync(join(root, "package.json"), '{ "workspaces": ["packages/*"] }');
		mkdirSync(join(root, ".allium"));
		mkdirSync(join(root, "packages", "shop", ".allium"));
		expect(dataFolder("sqlite:", deep)).toBe(join(root, "packages", "shop", ".allium"));
	});

	test("passes over a file of that name and a package.json that cannot be read", () => {
		writeFileSync(join(root, "package.json"), '{ "workspaces": ["packages/*"] }');
		writeFileSync(join(root, "packages", "package.json"), "{");
		writeFileSync(join(deep, ".allium"), "");
		expect(dataFolder("sqlite:", deep)).toBe(join(root, ".allium"));
	});

	test.each([
		["sqlite:./data", "/srv/data"],
		["sqlite:data", "/srv/data"],
		["sqlite:../data", "/data"],
		["sqlite:./my%20data", "/srv/my data"],
		["sqlite:./my data", "/srv/my data"],
		["sqlite:/var/lib/shop", "/var/lib/shop"],
		["sqlite:///var/lib/shop", "/var/lib/shop"],
		["sqlite:///var/lib/my%20shop", "/var/lib/my shop"],
	])("%s in /work is %s", (url, folder) => {
		expect(dataFolder(url, "/srv")).toBe(folder);
	});

	test.each(["sqlite://data", "sqlite:./a?b=c", "sqlite:./a#b", "sqlite:%zz", "nats://localhost", "sqlite"])(
		"%s is refused",
		(url) => {
			expect(() => dataFolder(url, "/srv")).toThrow(
				`"${url}" names no folder: write sqlite: for the default one`,
			);
		},
	);
});

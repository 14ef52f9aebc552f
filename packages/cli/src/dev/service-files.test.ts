import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { serviceFiles } from "./service-files.ts";

let folder: string;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "allium-files-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

function write(...files: string[]): void {
	for (const file of files) {
		mkdirSync(dirname(join(folder, file)), { recursive: true });
		writeFileSync(join(folder, file), "");
	}
}

/** The programs that were found, as labels and relative paths. */
function find(...named: string[]): [label: string, file: string][] {
	return serviceFiles(named, folder).map(({ label, file }) => [label, file.slice(folder.length + 1)]);
}

describe("without names", () => {
	test("every main program below the folder is found, and called by its folder", () => {
		write("b/main.ts", "a/src/main.ts", "c/main.js", "c/other.ts");
		expect(find()).toEqual([
			["a", "a/src/main.ts"],
			["b", "b/main.ts"],
			["c", "c/main.js"],
		]);
	});

	test("dependencies, builds, tests and hidden folders are passed over", () => {
		write("node_modules/x/main.js", "a/dist/main.js", "a/fixtures/main.ts", ".hidden/main.ts", "a/main.ts");
		expect(find()).toEqual([["a", "a/main.ts"]]);
	});

	test("the source is preferred to what was compiled beside it", () => {
		write("a/main.js", "a/main.ts");
		expect(find()).toEqual([["a", "a/main.ts"]]);
	});

	test("package.json decides where it lists services", () => {
		write("a/main.ts", "b/main.ts", "bench/main.ts", "c/service.ts");
		writeFileSync(
			join(folder, "package.json"),
			JSON.stringify({ allium: { services: ["[ab]/main.ts", "c/service.ts"] } }),
		);
		expect(find().map(([label]) => label)).toEqual(["a", "b", "service"]);
	});

	test("a folder without any is an error", () => {
		expect(() => find()).toThrow("There is no main.ts or main.js below this folder");
	});
});

describe("with names", () => {
	test("files and folders are taken in the order given", () => {
		write("b/main.ts", "a/worker.ts");
		expect(find("b", "a/worker.ts")).toEqual([
			["b", "b/main.ts"],
			["worker", "a/worker.ts"],
		]);
	});

	test("the same twice is two instances", () => {
		write("a/main.ts");
		expect(find("a", "a").map(([label]) => label)).toEqual(["a", "a 2"]);
	});

	test("different files of one name are called by their paths", () => {
		write("a/api/main.ts", "b/api/main.ts");
		expect(find("a/api", "b/api").map(([label]) => label)).toEqual(["a/api/main.ts", "b/api/main.ts"]);
	});

	test("what does not exist is an error", () => {
		write("a/other.ts");
		expect(() => find("b.ts")).toThrow("There is no file b.ts.");
		expect(() => find("a")).toThrow("There is no main.ts or main.js in the folder a.");
	});
});

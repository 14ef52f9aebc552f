import { readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ServiceProcess } from "@allium/testing/process";
import { afterEach, beforeEach, expect, test } from "vitest";
import { cacheFolder } from "./cache-folder.ts";

const program = new URL("../fixtures/loaded.ts", import.meta.url).pathname;
const preload = new URL("./compile-cache.ts", import.meta.url).href;

let folder: string;

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "allium-compile-cache-"));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

/** Starts a service with the module before it, and returns what is left below the folder for temporary files. */
async function keptAfterStart(env: Readonly<Record<string, string>> = {}): Promise<string[]> {
	await using service = ServiceProcess.run(program, {
		env: {
			ALLIUM_REGISTRY: `sqlite://${folder}`,
			NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ""} --import ${preload}`,
			NODE_COMPILE_CACHE: undefined,
			TMPDIR: folder,
			...env,
		},
	});
	expect(await service.ended()).toBe(0);
	return readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) =>
		/cache\/.*\/./.test(path),
	);
}

test("compiled code lies beside the installed packages", () => {
	expect(cacheFolder("file:///app/node_modules/allium/dist/compile-cache.js")).toBe(
		"/app/node_modules/.cache/compile-cache",
	);
	const nested = "file:///app/node_modules/.pnpm/allium@1/node_modules/allium/dist/compile-cache.js";
	expect(cacheFolder(nested)).toBe("/app/node_modules/.cache/compile-cache");
});

test("a program behind the module leaves compiled code for its next start", async () => {
	expect(cacheFolder(preload)).toBeUndefined();
	expect((await keptAfterStart()).length).toBeGreaterThan(10);
});

test("the environment switches it off", async () => {
	expect(await keptAfterStart({ NODE_DISABLE_COMPILE_CACHE: "1" })).toEqual([]);
});

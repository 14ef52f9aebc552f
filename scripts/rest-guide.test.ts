import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { ServiceProcess } from "@allium/testing/process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = new URL("..", import.meta.url).pathname;
const guide = await readFile(join(root, "docs/guide/rest.md"), "utf8");
const [, program = ""] = /```ts file=shop\.ts\n([\s\S]*?)```/.exec(guide) ?? [];
const [, session = ""] = /```console\n([\s\S]*?)```/.exec(guide) ?? [];

/** What the guide types, and what it says that comes of it. */
const steps = session
	.split(/^\$ /m)
	.slice(1)
	.map((step): [string, string[]] => {
		const [command = "", ...lines] = step.trimEnd().split("\n");
		return [command, lines];
	});

let folder: string;
let shop: ServiceProcess;

beforeAll(async () => {
	// Inside the workspace, so that its packages are found as they are by a project that installed them.
	await mkdir(join(root, ".cache"), { recursive: true });
	folder = await mkdtemp(join(root, ".cache", "rest-guide-"));
	await writeFile(join(folder, "package.json"), '{ "type": "module" }');
	await writeFile(join(folder, "shop.ts"), program);
	shop = await ServiceProcess.start(join(folder, "shop.ts"), {
		env: { ALLIUM_REGISTRY: `sqlite://${folder}` },
	});
});

afterAll(async () => {
	await shop[Symbol.asyncDispose]();
	await rm(folder, { recursive: true, force: true });
});

describe("the guide to REST shows what happens", () => {
	test("and shows something", () => expect(steps.length).toBeGreaterThan(5));

	test.each(steps)("%s", async (command, lines) => {
		const typed = command.replaceAll("http://127.0.0.1:8000", shop.url);
		const { stdout } = await promisify(execFile)("sh", ["-c", typed.replace("curl", "curl -sS")]);
		// With -i the guide leaves out headers that do not matter.
		if (!command.startsWith("curl -i")) expect(stdout).toBe(lines.join("\n"));
		else expect(stdout.split(/\r?\n/)).toEqual(expect.arrayContaining(lines));
	});
});

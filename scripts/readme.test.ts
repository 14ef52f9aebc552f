import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ServiceProcess } from "@allium/testing/process";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const root = new URL("..", import.meta.url).pathname;
const readme = await readFile(join(root, "README.md"), "utf8");

/** The programs of the README, by the name of their file. */
const programs = new Map(
	[...readme.matchAll(/```ts file=(\S+)\n([\s\S]*?)```/g)].map(([, name = "", text = ""]) => [name, text]),
);

let folder: string;

beforeEach(async () => {
	// Inside the workspace, so that its packages are found as they are by a project that installed them.
	await mkdir(join(root, ".cache"), { recursive: true });
	folder = await mkdtemp(join(root, ".cache", "readme-"));
	await writeFile(join(folder, "package.json"), '{ "type": "module" }');
	for (const [name, text] of programs) await writeFile(join(folder, name), text);
});

afterEach(async () => {
	await rm(folder, { recursive: true, force: true });
});

describe("the README", () => {
	test("shows a first service in under 40 lines", () => {
		expect(programs.get("greeter.ts")?.trimEnd().split("\n").length).toBeLessThan(40);
	});

	test("shows programs that run as shown, find each other and stop in order", async () => {
		const env = { ALLIUM_REGISTRY: `sqlite://${folder}` };
		await using greeter = await ServiceProcess.start(join(folder, "greeter.ts"), { env });

		await using caller = ServiceProcess.run(join(folder, "caller.ts"), { env });
		expect(await caller.ended()).toBe(0);
		expect(caller.output).toBe("Hello John\n");

		greeter.signal("SIGTERM");
		expect(await greeter.ended()).toBe(0);
		expect(greeter.output).toContain("greeter has stopped");
	});
});

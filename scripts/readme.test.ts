import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const root = new URL("..", import.meta.url).pathname;
const readme = await readFile(join(root, "README.md"), "utf8");

/** The programs of the README, by the name of their file. */
const programs = new Map(
	[...readme.matchAll(/```ts file=(\S+)\n([\s\S]*?)```/g)].map(([, name = "", text = ""]) => [name, text]),
);

let folder: string;
const children: ChildProcess[] = [];

beforeEach(async () => {
	// Inside the workspace, so that its packages are found as they are by a project that installed them.
	await mkdir(join(root, ".cache"), { recursive: true });
	folder = await mkdtemp(join(root, ".cache", "readme-"));
	await writeFile(join(folder, "package.json"), '{ "type": "module" }');
	for (const [name, text] of programs) await writeFile(join(folder, name), text);
});

afterEach(async () => {
	for (const child of children.splice(0)) child.kill("SIGKILL");
	await rm(folder, { recursive: true, force: true });
});

function run(file: string): { child: ChildProcess; output: () => string } {
	const child = spawn(process.execPath, ["--conditions=@allium/source", join(folder, file)], {
		env: { ...process.env, ALLIUM_REGISTRY: `sqlite://${folder}` },
		stdio: ["ignore", "pipe", "pipe"],
	});
	children.push(child);
	let output = "";
	child.stdout.on("data", (chunk) => {
		output += chunk;
	});
	child.stderr.on("data", (chunk) => {
		output += chunk;
	});
	return { child, output: () => output };
}

describe("the README", () => {
	test("shows a first service in under 40 lines", () => {
		expect(programs.get("greeter.ts")?.trimEnd().split("\n").length).toBeLessThan(40);
	});

	test("shows programs that run as shown, find each other and stop in order", async () => {
		const greeter = run("greeter.ts");
		await expect.poll(greeter.output, { timeout: 15_000 }).toContain("greeter is ready");

		const caller = run("caller.ts");
		const [code] = await once(caller.child, "exit");
		expect(caller.output()).toBe("Hello John\n");
		expect(code).toBe(0);

		greeter.child.kill("SIGTERM");
		const [stopped] = await once(greeter.child, "exit");
		expect(stopped).toBe(0);
		expect(greeter.output()).toContain("greeter has stopped");
	});
});

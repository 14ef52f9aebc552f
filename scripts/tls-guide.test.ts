import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { ServiceProcess } from "@allium/testing/process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = new URL("..", import.meta.url).pathname;
const guide = await readFile(join(root, "docs/guide/tls.md"), "utf8");
const [, setup = ""] = /```sh\n([\s\S]*?)```/.exec(guide) ?? [];
const [, program = ""] = /```ts file=main\.ts\n([\s\S]*?)```/.exec(guide) ?? [];
const [, session = ""] = /```console\n([\s\S]*?)```/.exec(guide) ?? [];

/** What the guide types, and what it says that comes of it. */
const steps = session
	.split(/^\$ /m)
	.slice(1)
	.map((step): [string, string] => {
		const [command = "", ...lines] = step.trimEnd().split("\n");
		return [command, lines.join("\n")];
	});

const run = promisify(execFile);
let folder: string;
let billing: ServiceProcess;

beforeAll(async () => {
	// Inside the workspace, so that its packages are found as they are by a project that installed them.
	await mkdir(join(root, ".cache"), { recursive: true });
	folder = await mkdtemp(join(root, ".cache", "tls-guide-"));
	await run("sh", ["-ec", setup], { cwd: folder });
	await writeFile(join(folder, "package.json"), '{ "type": "module" }');
	// The port of the guide may be taken here.
	const own = program.replace("port: 4433", "port: 0").replaceAll(/"(\w+\.(?:pem|key))"/g, `"${folder}/$1"`);
	await writeFile(join(folder, "main.ts"), own);
	billing = await ServiceProcess.start(join(folder, "main.ts"), {
		env: { ALLIUM_REGISTRY: `sqlite://${folder}` },
	});
});

afterAll(async () => {
	await billing?.[Symbol.asyncDispose]();
	await rm(folder, { recursive: true, force: true });
});

describe("the guide to TLS shows what happens", () => {
	test("and shows something", () => expect(steps).toHaveLength(3));

	test.each(steps)("%s", async (command, output) => {
		const typed = command.replaceAll("4433", new URL(billing.url).port);
		const { stdout } = await run("sh", ["-c", typed.replace("curl", "curl -sS")], { cwd: folder });
		expect(stdout.trimEnd()).toBe(output);
	});
});

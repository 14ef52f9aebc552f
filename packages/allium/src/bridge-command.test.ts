import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ServiceProcess } from "@allium/testing/process";
import { afterEach, beforeEach, expect, test } from "vitest";

const add = new URL("../../../examples/addsvc/main.ts", import.meta.url).pathname;
const command = new URL("../bin/allium.js", import.meta.url).pathname;

let folders: readonly string[];
let [from, to] = ["", ""];

beforeEach(async () => {
	folders = await Promise.all([0, 1].map(() => mkdtemp(join(tmpdir(), "allium-bridge-"))));
	[from = "", to = ""] = folders.map((folder) => `sqlite://${folder}`);
});

afterEach(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

function service(): Promise<ServiceProcess> {
	return ServiceProcess.start(add, { env: { ALLIUM_REGISTRY: from } });
}

function bridge(): Promise<ServiceProcess> {
	return ServiceProcess.start(command, { args: ["registry", "bridge", from, to] });
}

async function allium(...args: readonly string[]): Promise<string> {
	await using running = ServiceProcess.run(command, { args: [...args, "--registry", to] });
	await running.ended();
	return running.output;
}

test("a service of one registry is called by the other, and is there no longer than the bridge or itself", async () => {
	await using first = await service();
	await using running = await bridge();
	await expect.poll(() => allium("call", "add", "sum", '{"a":1,"b":2}')).toBe('{"v":3}\n');
	first.signal("SIGTERM");
	await first.ended();
	await expect.poll(() => allium("services"), { timeout: 60_000 }).not.toContain("add ");
	await using _ = await service();
	await expect.poll(() => allium("services"), { timeout: 60_000 }).toContain("add ");
	running.signal("SIGTERM");
	expect(await running.ended()).toBe(143);
	expect(await allium("services")).not.toContain("add ");
});

test("a bridge that is killed leaves copies for one time to live, and the next one goes on", async () => {
	await using _ = await service();
	const killed = await bridge();
	await expect.poll(() => allium("services"), { timeout: 60_000 }).toContain("add ");
	await killed[Symbol.asyncDispose]();
	await using _next = await bridge();
	await expect.poll(() => allium("services"), { timeout: 60_000 }).toContain("add ");
	expect(await allium("call", "add", "sum", '{"a":1,"b":2}')).toBe('{"v":3}\n');
});

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ServiceProcess } from "@allium/testing/process";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const chain = new URL("../fixtures/chain.ts", import.meta.url).pathname;
const command = new URL("../bin/allium.js", import.meta.url).pathname;

let folder: string;
let env: { ALLIUM_REGISTRY: string };
let back: ServiceProcess;
let front: ServiceProcess;

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "allium-chain-"));
	env = { ALLIUM_REGISTRY: `sqlite://${folder}` };
	[back, front] = await Promise.all([
		ServiceProcess.start(chain, { env, args: ["back"] }),
		ServiceProcess.start(chain, { env, args: ["front"] }),
	]);
});

afterEach(async () => {
	await back[Symbol.asyncDispose]();
	await front[Symbol.asyncDispose]();
	await rm(folder, { recursive: true, force: true });
});

function callFront(timeout: string): ServiceProcess {
	return ServiceProcess.run(command, { env, args: ["call", "front", "wait", "--timeout", timeout] });
}

describe("allium call, through one service to another", () => {
	test("carries its --timeout as the deadline of the callee's callee", async () => {
		await using call = callFront("2s");
		const [, remaining] = await back.says(/remaining=(\d+)/);
		expect(Number(remaining)).toBeGreaterThan(0);
		expect(Number(remaining)).toBeLessThanOrEqual(2000);
		expect(await call.ended()).toBe(4);
		await back.says(/ended by (deadline_exceeded|canceled)/);
	});

	test("carries Ctrl-C to the handler of the callee's callee", async () => {
		await using call = callFront("60s");
		await back.says(/waiting/);
		call.signal("SIGINT");
		await back.says(/ended by canceled/);
		expect(await call.ended()).toBe(130);
	});
});

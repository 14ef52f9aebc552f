import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testClient } from "@allium/testing";
import { ServiceProcess } from "@allium/testing/process";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Add } from "../addsvc/contract.ts";
import { addService } from "../addsvc/service.ts";
import { Stats } from "./contract.ts";
import { statsService } from "./service.ts";

const statsMain = new URL("main.ts", import.meta.url).pathname;
const addMain = new URL("../addsvc/main.ts", import.meta.url).pathname;
const numbers = [3, 0, 4, 8];

describe("stats, in one process", () => {
	test("works with the service itself", async () => {
		await using stats = testClient(Stats, statsService(addService));
		expect(await stats.mean({ numbers })).toEqual({ mean: 3 });
	});

	test("works the same with a client of the service", async () => {
		await using add = testClient(Add, addService);
		await using stats = testClient(Stats, statsService(add));
		expect(await stats.mean({ numbers })).toEqual({ mean: 3 });
	});

	test("fails the same with either: what the callee declares is not declared here", async () => {
		await using add = testClient(Add, addService);
		await using local = testClient(Stats, statsService(addService));
		await using remote = testClient(Stats, statsService(add));
		const overflow = { numbers: [2 ** 31 - 1, 1] };
		for (const stats of [local, remote]) {
			await expect(stats.mean(overflow)).rejects.toMatchObject({
				code: "internal",
				message: "internal error",
			});
		}
	});
});

describe("stats, as processes", () => {
	let env: { ALLIUM_REGISTRY: string };
	let folder: string;

	beforeEach(async () => {
		folder = await mkdtemp(join(tmpdir(), "allium-stats-"));
		env = { ALLIUM_REGISTRY: `sqlite://${folder}` };
	});
	afterEach(() => rm(folder, { recursive: true, force: true }));

	async function mean(url: string): Promise<unknown> {
		const response = await fetch(`${url}/stats/mean`, {
			method: "POST",
			headers: { "content-type": "application/json" },
			body: JSON.stringify({ numbers }),
		});
		return response.json();
	}

	test("runs as one process", async () => {
		await using stats = await ServiceProcess.start(statsMain, { env, args: ["together"] });
		expect(await mean(stats.url)).toEqual({ mean: 3 });
	});

	test("tells what it measures", async () => {
		await using stats = await ServiceProcess.start(statsMain, { env, args: ["together"] });
		await mean(stats.url);
		const text = await (await fetch(`${stats.url}/metrics`)).text();
		expect(text).toMatch(/^rpc_server_call_duration_seconds_count\{.*rpc_method="stats\/mean".*\} 1$/m);
	});

	test("runs as two processes", async () => {
		await using _add = await ServiceProcess.start(addMain, { env });
		await using stats = await ServiceProcess.start(statsMain, { env });
		expect(await mean(stats.url)).toEqual({ mean: 3 });
	});

	test("tells whether it finds an instance that adds", async () => {
		await using stats = await ServiceProcess.start(statsMain, { env });
		const check = async (): Promise<unknown> => {
			const response = await fetch(`${stats.url}/readyz`);
			expect(response.status).toBe(200);
			return ((await response.json()) as { checks: unknown[] }).checks[0];
		};
		expect(await check()).toMatchObject({
			name: "add",
			ok: false,
			error: `no instance of "add" is up in sqlite://${folder} (namespace default)`,
		});
		await using _add = await ServiceProcess.start(addMain, { env });
		await vi.waitFor(async () => expect(await check()).toMatchObject({ ok: true }), 10_000);
	});
});

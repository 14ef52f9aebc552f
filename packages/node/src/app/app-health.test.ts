import {
	type Checker,
	checker,
	contract,
	type Instance,
	memoryRegistry,
	method,
	type Registry,
} from "@allium/core";
import { afterEach, describe, expect, test, vi } from "vitest";
import * as z from "zod";
import { createApp } from "./app.ts";
import type { App } from "./app-type.ts";

const Who = contract("who", { ask: method({ output: z.object({ id: z.string() }), effect: "read" }) });

/** A dependency of a process that can go down. */
class Database {
	isUp = true;
	readonly checker: Checker = checker(
		"database",
		async () => {
			if (!this.isUp) throw new Error("connect ECONNREFUSED postgres://me:secret@db/shop\n  at somewhere");
			return { version: "17" };
		},
		{ everyMs: 10, failures: 2, successes: 2 },
	);
}

const apps: App[] = [];
afterEach(async () => {
	await Promise.all(apps.splice(0).map((app) => app.stop()));
});

function makeApp(registry: Registry, health: readonly Checker[] = [], id = "a"): App {
	const app = createApp({ name: "who", registry, health, env: {}, drainDelayMs: 0, logger: { log() {} } });
	apps.push(app);
	app.serve(Who, { ask: async () => ({ id }) });
	return app;
}

async function started(registry: Registry, health: readonly Checker[] = [], id = "a"): Promise<string> {
	const app = makeApp(registry, health, id);
	await app.start();
	return app.addresses.find((address) => address.startsWith("http:")) ?? "";
}

async function readyz(url: string) {
	const response = await fetch(`${url}/readyz`);
	return { status: response.status, body: (await response.json()) as unknown };
}

const statuses = async (registry: Registry) => (await registry.list()).map(({ status }: Instance) => status);

describe("an app with a check", () => {
	test("is called ready in the log once the check passes, and not before", async () => {
		const database = new Database();
		database.isUp = false;
		const lines: string[] = [];
		const app = createApp({
			name: "who",
			registry: memoryRegistry(),
			health: [database.checker],
			env: {},
			drainDelayMs: 0,
			logger: { log: (_, message) => void lines.push(message) },
		});
		apps.push(app);
		await app.start();
		expect(lines).toContain("who is up, and not ready before its health checks pass");
		expect(lines).not.toContain("who is ready");
		database.isUp = true;
		await vi.waitFor(() => expect(lines.filter((line) => line === "who is ready")).toHaveLength(1));
		database.isUp = false;
		await vi.waitFor(() => expect(lines).toContain("a health check fails"));
		database.isUp = true;
		await vi.waitFor(() => expect(lines).toContain("a health check passes again"));
		expect(lines.filter((line) => line === "who is ready")).toHaveLength(1);
	});

	test("tells at /readyz what the check found", async () => {
		const url = await started(memoryRegistry(), [new Database().checker]);
		expect(await readyz(url)).toEqual({
			status: 200,
			body: {
				ok: true,
				checks: [
					{
						name: "database",
						ok: true,
						critical: true,
						facts: { version: "17" },
						durationMs: expect.any(Number),
						checkedAt: expect.stringMatching(/^\d{4}-.*Z$/),
					},
				],
			},
		});
	});

	test("is not ready while it fails, and lives on; the registry knows, and learns of its recovery", async () => {
		const registry = memoryRegistry();
		const database = new Database();
		const url = await started(registry, [database.checker]);
		expect(await statuses(registry)).toEqual(["up"]);

		database.isUp = false;
		await vi.waitFor(async () => expect(await statuses(registry)).toEqual(["unhealthy"]));
		expect(await readyz(url)).toMatchObject({
			status: 503,
			body: { ok: false, checks: [{ ok: false, error: "connect ECONNREFUSED postgres://***@db/shop" }] },
		});
		expect((await fetch(`${url}/healthz`)).status).toBe(200);

		database.isUp = true;
		await vi.waitFor(async () => expect(await statuses(registry)).toEqual(["up"]));
		expect(await readyz(url)).toMatchObject({ status: 200, body: { ok: true } });
	});

	test("starts although it fails, registered as what it is", async () => {
		const registry = memoryRegistry();
		const database = new Database();
		database.isUp = false;
		const url = await started(registry, [database.checker]);
		expect(await statuses(registry)).toEqual(["unhealthy"]);
		expect((await readyz(url)).status).toBe(503);
		database.isUp = true;
		await vi.waitFor(async () => expect(await statuses(registry)).toEqual(["up"]));
	});

	test("stops although a check hangs, and leaves no registration", async () => {
		const registry = memoryRegistry();
		const hanging = checker("hanging", () => new Promise(() => {}), { timeoutMs: 20, everyMs: 1 });
		await started(registry, [hanging]);
		await Promise.all(apps.splice(0).map((app) => app.stop()));
		expect(await registry.list()).toEqual([]);
	});

	test("that is not critical stays ready, and tells", async () => {
		const registry = memoryRegistry();
		const url = await started(registry, [
			checker("cache", () => Promise.reject(new Error("gone")), { critical: false }),
		]);
		expect(await readyz(url)).toMatchObject({ status: 200, body: { ok: true, checks: [{ ok: false }] } });
		expect(await statuses(registry)).toEqual(["up"]);
	});

	test("runs once for many probes at a time, in band", async () => {
		const check = vi.fn(async () => {});
		const url = await started(memoryRegistry(), [checker("disk", check, { inBand: true, everyMs: 60_000 })]);
		expect(check).not.toHaveBeenCalled();
		await Promise.all(Array.from({ length: 20 }, () => readyz(url)));
		expect(check).toHaveBeenCalledTimes(1);
	});
});

test("an app without checks is ready, and says no more", async () => {
	expect(await readyz(await started(memoryRegistry()))).toEqual({ status: 200, body: { ok: true } });
});

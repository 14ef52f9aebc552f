import { Context, contract, memoryRegistry, method } from "@allium/core";
import type { Registry } from "@allium/core/registry";
import { afterEach, describe, expect, test } from "vitest";
import * as z from "zod";
import { createApp } from "./app.ts";
import type { App, AppOptions } from "./app-type.ts";

const Stock = contract("stock", {
	count: method({ output: z.object({ n: z.int() }), effect: "read" }),
});

const apps: App[] = [];
afterEach(async () => {
	await Promise.all(apps.splice(0).map((app) => app.stop()));
});

function makeApp(registry: Registry, options: Partial<AppOptions> = {}): App {
	const app = createApp({
		name: "shop",
		registry,
		env: {},
		drainDelayMs: 0,
		logger: { log() {} },
		...options,
	});
	apps.push(app);
	return app;
}

async function startStock(registry: Registry): Promise<App> {
	const app = makeApp(registry, { name: "stock" });
	app.serve(Stock, { count: async () => ({ n: 7 }) });
	await app.start();
	return app;
}

describe("ready()", () => {
	test("resolves when the services are up", async () => {
		const registry = memoryRegistry();
		const ready = makeApp(registry).ready("stock");
		await startStock(registry);
		await ready;
	});

	test("names the services that are missing when the time is up", async () => {
		const registry = memoryRegistry();
		await startStock(registry);
		const ready = makeApp(registry).ready("orders", "stock", Context.background().withTimeout(50));
		await expect(ready).rejects.toMatchObject({
			code: "unavailable",
			reason: "not_ready",
			message: expect.stringMatching(/^no instance of "orders" came up in time; start it/),
		});
	});

	test("ends with its context", async () => {
		const { ctx, cancel } = Context.background().withCancel();
		const ready = makeApp(memoryRegistry()).ready("stock", ctx);
		cancel();
		await expect(ready).rejects.toMatchObject({ code: "canceled" });
	});
});

describe("a call that is made before its callee is up", () => {
	test("waits where the environment says so", async () => {
		const registry = memoryRegistry();
		const shop = makeApp(registry, { env: { ALLIUM_WAIT_FOR_READY: "true" } });
		const reply = shop.client(Stock).count({});
		await startStock(registry);
		expect(await reply).toEqual({ n: 7 });
	});

	test("fails at once where its client says so", async () => {
		const shop = makeApp(memoryRegistry(), { waitForReady: true });
		const reply = shop.client(Stock, { waitForReady: false }).count({});
		await expect(reply).rejects.toMatchObject({ reason: "no_instance" });
	});
});

describe("a client of an app with an address", () => {
	test("calls there, whatever the registry says, and closes with the app", async () => {
		const stock = await startStock(memoryRegistry());
		const shop = makeApp(memoryRegistry());
		const client = shop.client(Stock, { url: stock.addresses[0] ?? "" });
		expect(await client.count({})).toEqual({ n: 7 });
		await shop.stop();
		await expect(client.count({})).rejects.toMatchObject({ reason: "client_closed" });
	});

	test("may have several", async () => {
		const stock = await startStock(memoryRegistry());
		const url = ["http://127.0.0.1:1", ...stock.addresses];
		const client = makeApp(memoryRegistry()).client(Stock, { url });
		expect(await client.count({})).toEqual({ n: 7 });
	});

	test.each([
		["localhost:4000", 'client() of stock cannot call "localhost:4000": no transport for localhost:4000'],
		["http://", 'client() of stock cannot call "http://": '],
		[[], 'client() of stock got no address in its option "url"'],
	])("is refused where it cannot be called: %s", (url, message) => {
		expect(() => makeApp(memoryRegistry()).client(Stock, { url })).toThrow(message);
	});
});

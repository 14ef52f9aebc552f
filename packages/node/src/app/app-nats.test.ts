import { contract, memoryRegistry, method, type Registry } from "@allium/core";
import { describeServer, natsServer, type ServerProcess, startServer } from "@allium/testing/servers";
import { afterEach, expect, test, vi } from "vitest";
import * as z from "zod";
import { createApp } from "./app.ts";
import type { App, AppOptions } from "./app-type.ts";

const Way = contract("way", {
	/** The way by which the call came. */
	came: method({
		input: z.object({ note: z.string().optional() }),
		output: z.object({ from: z.string() }),
		effect: "read",
	}),
});

describeServer("nats-2.9", (program) => {
	const opened: AsyncDisposable[] = [];
	afterEach(async () => {
		for (const one of opened.splice(0).reverse()) await one[Symbol.asyncDispose]();
	});

	async function startNats(): Promise<ServerProcess> {
		const server = await startServer(natsServer({ file: program }));
		opened.push(server);
		return server;
	}

	function app(name: string, registry: Registry, options: Partial<AppOptions>): App {
		const made = createApp({
			name,
			registry,
			env: {},
			adapters: { nats: () => import("@allium/nats") },
			drainDelayMs: 0,
			logger: { log() {} },
			...options,
		});
		opened.push({ [Symbol.asyncDispose]: () => made.stop() });
		return made;
	}

	async function service(registry: Registry, options: Partial<AppOptions>): Promise<App> {
		const made = app("service", registry, options);
		made.serve(Way, { came: async (_, ctx) => ({ from: String(ctx.peer?.address) }) });
		await made.start();
		return made;
	}

	test("an app that a variable tells to is called over NATS, by those that have it, too, and directly by others", async () => {
		const server = await startNats();
		const registry = memoryRegistry();
		const env = { ALLIUM_TRANSPORT: `nats://127.0.0.1:${server.port}` };
		const { addresses } = await service(registry, { env });
		expect(addresses).toEqual([
			expect.stringMatching(/^nats:\/\/allium-pipes\.default\./),
			expect.stringMatching(/^allium:/),
			expect.stringMatching(/^http:/),
		]);
		expect((await app("caller", registry, { env }).client(Way).came({})).from).toMatch(/^nats:/);
		expect((await app("other", registry, {}).client(Way).came({})).from).not.toMatch(/^nats:/);
		const direct = app("choosing", registry, { env: { ...env, ALLIUM_SCHEMES: "allium" } });
		expect((await direct.client(Way).came({})).from).not.toMatch(/^nats:/);
	});

	test("an app is called directly while NATS is away, and over NATS when it is back", async () => {
		const server = await startNats();
		const registry = memoryRegistry();
		const env = { ALLIUM_TRANSPORT: `nats://127.0.0.1:${server.port}` };
		const logged: string[] = [];
		await service(registry, { env, logger: { log: (_, message) => void logged.push(message) } });
		const caller = app("caller", registry, { env }).client(Way);
		expect((await caller.came({})).from).toMatch(/^nats:/);
		await server.kill();
		expect((await caller.came({})).from).not.toMatch(/^nats:/);
		await server.restart();
		await vi.waitFor(() => expect(logged).toContain("NATS is reached again"));
		expect((await app("another", registry, { env }).client(Way).came({})).from).toMatch(/^nats:/);
	});

	test("an app has its limits over NATS, too", async () => {
		const server = await startNats();
		const registry = memoryRegistry();
		const options = {
			transport: `nats://127.0.0.1:${server.port}`,
			limits: { frames: { maxMessageBytes: 20_000 } },
		};
		await service(registry, options);
		const call = app("caller", registry, options)
			.client(Way)
			.came({ note: "x".repeat(30_000) });
		await expect(call).rejects.toMatchObject({ code: "resource_exhausted", reason: "message_too_large" });
	});

	test("an app does not start while NATS is away, and says what to do", async () => {
		const starting = service(memoryRegistry(), { transport: "nats://127.0.0.1:1" });
		await expect(starting).rejects.toThrow("no NATS server answers at nats://127.0.0.1:1");
	});
});

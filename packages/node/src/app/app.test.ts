import { createServer } from "node:net";
import {
	Context,
	contract,
	type Logger,
	type Middleware,
	memoryRegistry,
	method,
	type Registry,
	type Service,
	stream,
} from "@allium/core";
import { afterEach, describe, expect, test, vi } from "vitest";
import * as z from "zod";
import { createApp } from "./app.ts";
import type { App, AppOptions } from "./app-type.ts";

const Clock = contract("clock", {
	add: method({ input: z.object({ n: z.int() }), output: z.object({ n: z.int() }), effect: "read" }),
	wait: method({ output: z.object({ waited: z.boolean() }) }),
	ticks: method({ output: stream(z.object({ tick: z.int() })) }),
});

class ClockService {
	readonly release: PromiseWithResolvers<void> = Promise.withResolvers();
	waiting = 0;
	readonly service: Service<typeof Clock> = {
		add: async ({ n }) => ({ n: n + 1 }),
		wait: async () => {
			this.waiting++;
			await this.release.promise;
			return { waited: true };
		},
		ticks: async function* () {
			for (let tick = 0; ; tick++) yield { tick };
		},
	};
}

const apps: App[] = [];
afterEach(async () => {
	await Promise.all(apps.splice(0).map((app) => app.stop()));
});

function makeApp(registry: Registry, options: Partial<AppOptions> = {}): App {
	const app = createApp({
		name: "clock",
		registry,
		env: {},
		drainDelayMs: 50,
		logger: { log() {} },
		...options,
	});
	apps.push(app);
	return app;
}

async function served(registry: Registry, options: Partial<AppOptions> = {}) {
	const clock = new ClockService();
	const app = makeApp(registry, options);
	app.serve(Clock, clock.service);
	await app.start();
	const url = app.addresses.find((address) => address.startsWith("http:")) ?? "";
	return { app, clock, url };
}

describe("an app", () => {
	test("is found and called by another through the registry", async () => {
		const registry = memoryRegistry();
		await served(registry);
		const caller = makeApp(registry, { name: "caller" });
		expect(await caller.client(Clock).add({ n: 1 })).toEqual({ n: 2 });
	});

	test("registers what it serves, where it is and what it was told of itself", async () => {
		const registry = memoryRegistry();
		const { app } = await served(registry, { env: { ALLIUM_ZONE: "eu-1", ALLIUM_LABELS: "tier=gold" } });
		const [instance] = await registry.list();
		expect(instance).toMatchObject({
			app: "clock",
			namespace: "default",
			addresses: app.addresses,
			services: [{ name: "clock", version: "0.0.0" }],
			zone: "eu-1",
			labels: { tier: "gold" },
			status: "up",
		});
	});

	test("puts its middleware around every method, outside of that of a service", async () => {
		const registry = memoryRegistry();
		const seen: string[] = [];
		const noting = (layer: string): Middleware => {
			return (next, { path }) =>
				(input, ctx) => {
					seen.push(`${layer} ${path}`);
					return next(input, ctx);
				};
		};
		const app = makeApp(registry, { middleware: [noting("app")] });
		app.serve(Clock, new ClockService().service, { middleware: [noting("service")] });
		await app.start();
		await makeApp(registry, { name: "caller" }).client(Clock).add({ n: 1 });
		expect(seen).toEqual(["app clock/add", "service clock/add"]);
	});

	test("does not see instances of another namespace", async () => {
		const registry = memoryRegistry();
		await served(registry, { namespace: "staging" });
		const caller = makeApp(registry, { name: "caller" });
		await expect(caller.client(Clock).add({ n: 1 })).rejects.toMatchObject({ reason: "no_instance" });
	});

	test("stops in order: not ready, deregistered, still accepting, then drained", async () => {
		const registry = memoryRegistry();
		const { app, clock, url } = await served(registry, { drainDelayMs: 300 });
		const caller = makeApp(registry, { name: "caller" });
		const client = caller.client(Clock);
		const inFlight = client.wait({});
		await vi.waitFor(() => expect(clock.waiting).toBe(1));
		expect((await fetch(`${url}/readyz`)).status).toBe(200);

		const stopped = app.stop();
		await vi.waitFor(async () => expect(await registry.list({ service: "clock" })).toEqual([]));
		expect((await fetch(`${url}/readyz`)).status).toBe(503);
		expect((await fetch(`${url}/healthz`)).status).toBe(200);
		clock.release.resolve();
		expect(await inFlight).toEqual({ waited: true });
		await stopped;
		await expect(fetch(`${url}/healthz`)).rejects.toThrow();
	});

	test("ends calls that outlast the grace period with a clean status", async () => {
		const registry = memoryRegistry();
		const { app, clock } = await served(registry, { gracePeriodMs: 50 });
		const client = makeApp(registry, { name: "caller" }).client(Clock);
		const hanging = client.wait({}, Context.background().withTimeout(10_000));
		await vi.waitFor(() => expect(clock.waiting).toBe(1));
		await Promise.all([app.stop(), expect(hanging).rejects.toMatchObject({ code: "unavailable" })]);
	});

	test("ends streams that never end after a grace of their own, so that they do not hold it", async () => {
		const registry = memoryRegistry();
		const reasons: (string | undefined)[] = [];
		const Feed = contract("feed", { news: method({ output: stream(z.object({ n: z.int() })) }) });
		const app = makeApp(registry, { name: "feed", gracePeriodMs: 60_000, streamGraceMs: 50 });
		app.serve(Feed, {
			async *news(_, ctx) {
				yield { n: 1 };
				await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve));
				reasons.push(ctx.error?.reason);
			},
		});
		await app.start();
		const received: number[] = [];
		const reading = (async () => {
			for await (const { n } of makeApp(registry, { name: "caller" }).client(Feed).news({})) received.push(n);
		})();
		await vi.waitFor(() => expect(received).toEqual([1]));
		await Promise.all([
			app.stop(),
			expect(reading).rejects.toMatchObject({ code: "unavailable", reason: "server_stopping" }),
		]);
		await vi.waitFor(() => expect(reasons).toEqual(["server_stopping"]));
	});

	test("says in one sentence that a port is taken", async () => {
		const taken = createServer();
		await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
		const { port } = taken.address() as { port: number };
		const app = makeApp(memoryRegistry(), { port });
		await expect(app.start()).rejects.toMatchObject({
			code: "failed_precondition",
			message: expect.stringContaining(String(port)),
		});
		taken.close();
	});

	test("leaves nothing open when it has stopped", async () => {
		const registry = memoryRegistry();
		const before = process.getActiveResourcesInfo().sort();
		const { app, url } = await served(registry);
		const caller = makeApp(registry, { name: "caller" });
		const client = caller.client(Clock);
		await client.add({ n: 1 });
		for await (const { tick } of client.ticks({})) if (tick > 10) break;
		await (await fetch(`${url}/healthz`)).text();
		await Promise.all([app.stop(), caller.stop()]);
		const opened = () => process.getActiveResourcesInfo().filter((kind) => !/Immediate|FSReq/.test(kind));
		await vi.waitFor(() => {
			const left = count(opened());
			for (const [kind, number] of count(before)) left.set(kind, (left.get(kind) ?? 0) - number);
			// The platform's own fetch keeps its connection alive for a while; it is not ours.
			expect(
				[...left].filter(([kind, number]) => number > 0 && !/^(TCPSocketWrap|Timeout)$/.test(kind)),
			).toEqual([]);
		});
	});

	test("warns of a handler that calls a client without its context, once", async () => {
		const registry = memoryRegistry();
		await served(registry);
		const warnings: string[] = [];
		const logger: Logger = {
			log: (level, message, fields) => {
				if (level === "warn") warnings.push(`${message} ${JSON.stringify(fields)}`);
			},
		};
		const Front = contract("front", { both: method({ output: z.object({ n: z.int() }) }) });
		const front = makeApp(registry, { name: "front", logger });
		const clock = front.client(Clock);
		front.serve(Front, {
			both: async (_, ctx) => {
				await clock.add({ n: 1 }, ctx);
				return clock.add({ n: 1 });
			},
		});
		await front.start();
		const caller = makeApp(registry, { name: "caller", logger }).client(Front);
		await caller.both({});
		await caller.both({});
		expect(warnings).toHaveLength(1);
		expect(warnings[0]).toContain('{"handler":"front/both","called":"clock/add"}');
	});

	test("refuses to serve once it has started", async () => {
		const { app, clock } = await served(memoryRegistry());
		expect(() => app.serve(Clock, clock.service)).toThrow("serve() comes before start() and run()");
	});
});

function count(kinds: readonly string[]): Map<string, number> {
	const counts = new Map<string, number>();
	for (const kind of kinds) counts.set(kind, (counts.get(kind) ?? 0) + 1);
	return counts;
}

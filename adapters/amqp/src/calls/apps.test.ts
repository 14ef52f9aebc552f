import { Context, createClient, memoryRegistry, silentLogger } from "@allium/core";
import { describeServer } from "@allium/testing/servers";
import { allium } from "allium";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { RunningRabbit } from "../fixtures/running-rabbit.ts";
import * as amqp from "../index.ts";
import { failure } from "./fixtures/lab.ts";
import { WatchedStock } from "./fixtures/stock.ts";

const input = { item: "onion" };

describeServer("rabbitmq", (program) => {
	let server: RunningRabbit;
	beforeAll(async () => {
		server = await RunningRabbit.start(program);
	});
	afterAll(() => server[Symbol.asyncDispose]());

	/** Processes of one system, which RabbitMQ carries the calls of. */
	function system(namespace: string, host = server.host) {
		const registry = memoryRegistry();
		const make = (name: string) =>
			allium({
				name,
				registry,
				namespace,
				transport: `amqp://guest:guest@${host}`,
				adapters: { amqp: async () => amqp },
				logger: silentLogger,
				drainDelayMs: 0,
			});
		const start = async (app: ReturnType<typeof make>) => {
			await app.start();
			onTestFinished(() => app.stop());
			return app;
		};
		const served: string[] = [];
		const serve = (name: string) => {
			const app = make(name);
			app.serve(WatchedStock, {
				async level(_, ctx) {
					served.push(`${name} ${ctx.peer?.address.split(".")[0]}`);
					return { count: 1 };
				},
				async *changes(_, ctx) {
					served.push(`${name} ${ctx.peer?.address.split(".")[0]}`);
					yield { count: 2 };
				},
			});
			return start(app);
		};
		return { registry, make, start, serve, served };
	}

	test("apps call each other through the queue, and with streams at their ports", async () => {
		const { registry, make, start, serve, served } = system("shop");
		await serve("one");
		await serve("two");
		const caller = make("caller");
		const client = caller.client(WatchedStock);
		await start(caller);
		for (let call = 0; call < 20; call++) expect(await client.level(input)).toEqual({ count: 1 });
		expect([...new Set(served)].sort()).toEqual(["one amqp://allium-calls", "two amqp://allium-calls"]);
		served.length = 0;
		await Promise.all(Array.from({ length: 20 }, () => Array.fromAsync(client.changes(input))));
		expect([...new Set(served)].sort()).toEqual(["one 127", "two 127"]);
		const instances = await registry.list({ namespace: "shop" }, Context.background());
		for (const { addresses } of instances) {
			expect(addresses[0]).toBe("amqp://allium-calls.shop");
			expect(addresses.join()).not.toContain("guest");
		}
	});

	test("a client at the address of the queue needs no registry, and waits for the first instance", async () => {
		const { serve, make, start } = system("alone");
		await (await serve("one")).stop();
		const caller = make("caller");
		const client = caller.client(WatchedStock, { url: "amqp://allium-calls.alone" });
		await start(caller);
		const calling = client.level(input);
		await serve("two");
		expect(await calling).toEqual({ count: 1 });
	});

	test("apps go on at their ports while the server is away, each with a share of the calls", async () => {
		await using own = await RunningRabbit.start(program);
		const { make, start, serve, served } = system("shop", own.host);
		await serve("one");
		await serve("two");
		const caller = make("caller");
		const client = caller.client(WatchedStock);
		await start(caller);
		await client.level(input);
		await own.server.kill();
		served.length = 0;
		await vi.waitFor(
			async () => {
				await client.level(input);
				const directly = served.filter((where) => !where.includes("amqp"));
				expect([...new Set(directly)].sort()).toEqual(["one 127", "two 127"]);
			},
			{ timeout: 30_000, interval: 5 },
		);
	});

	test("a call with a stream at the address of the queue is refused in a sentence", async () => {
		const url = server.newUrl();
		const namespace = new URL(url).searchParams.get("namespace");
		const address = `amqp://allium-calls.${namespace}`;
		const client = createClient(WatchedStock, { url: address, transports: [amqp.transport(url)] });
		onTestFinished(() => client[Symbol.asyncDispose]());
		expect(await failure(Array.fromAsync(client.changes(input)))).toMatchObject({
			code: "unimplemented",
			message: expect.stringContaining("watched/changes has a stream, and calls over RabbitMQ are unary"),
		});
	});
});

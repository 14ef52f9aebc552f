import { setImmediate } from "node:timers/promises";
import { Context, createClient, Endpoints, type Logger } from "@allium/core";
import { describeServer } from "@allium/testing/servers";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { RunningRabbit } from "../fixtures/running-rabbit.ts";
import { clientOf, failure, Gate, listening } from "./fixtures/lab.ts";
import { NewerStock, type Serve, Stock, stock, WatchedStock } from "./fixtures/stock.ts";
import { transport } from "./transport.ts";

const background = Context.background();
const input = { item: "onion" };
const patient = { timeout: 20_000, interval: 5 };

/** Serves a stock that does something first. */
const serving =
	(before?: Parameters<typeof stock>[0]): Serve =>
	(endpoints) =>
		endpoints.serve(Stock, stock(before));

test("an address of another form is refused, and its password is not repeated", () => {
	const dial = (): unknown => transport("amqp://a").dial("amqp://shop:secret@mq:5672");
	expect(dial).toThrow("is no address over RabbitMQ");
	expect(dial).not.toThrow("secret");
});

test.each(["0", "-1", "1.5", "many", "65536"])("a prefetch of %s is refused", (prefetch) => {
	expect(() => transport(`amqp://a?prefetch=${prefetch}`)).toThrow(
		"prefetch is a whole number from 1 to 65535",
	);
});

test("a server that is not there is told in a sentence, to callers at once", async () => {
	const nowhere = transport("amqp://shop:secret@127.0.0.1:1/shop");
	await expect(listening(nowhere, serving())).rejects.toMatchObject({
		code: "unavailable",
		message: expect.stringContaining("RabbitMQ at amqp://shop:***@127.0.0.1:1/shop does not answer"),
	});
	const error = await failure(clientOf(Stock, nowhere, "amqp://allium-calls.allium").level(input));
	expect(error).toMatchObject({ code: "unavailable", notExecuted: true });
	expect(error.message).not.toContain("secret");
});

describeServer("rabbitmq", (program) => {
	let server: RunningRabbit;
	beforeAll(async () => {
		server = await RunningRabbit.start(program);
	});
	afterAll(() => server[Symbol.asyncDispose]());

	/** A namespace of a test's own, and the ways in and out of it. */
	function namespace() {
		const url = server.newUrl();
		const address = `amqp://allium-calls.${new URL(url).searchParams.get("namespace")}`;
		const calls = transport(url);
		return {
			url,
			address,
			listen: (serve: Serve = serving(), own = transport(url)) => listening(own, serve),
			stock: clientOf(Stock, calls, address),
			newer: clientOf(NewerStock, calls, address),
		};
	}

	describe("an instance", () => {
		test("has the address of its namespace, which names neither server nor credentials", async () => {
			const { address, listen } = namespace();
			expect((await listen()).addresses).toEqual([address]);
		});

		test("takes no more calls at once than it was told; another takes the others", async () => {
			const { url, listen, stock: client } = namespace();
			const one = new Gate();
			await listen(
				serving(async (_, ctx) => {
					await one.wait(ctx);
					return { count: 0 };
				}),
				transport(`${url}&prefetch=2`),
			);
			const calls = Array.from({ length: 6 }, () => client.level(input));
			await vi.waitFor(() => expect(one.arrived).toBe(2), patient);
			const other = new Gate();
			await listen(
				serving(async (_, ctx) => {
					await other.wait(ctx);
					return { count: 0 };
				}),
				transport(url, { prefetch: 3 }),
			);
			await vi.waitFor(() => expect(other.arrived).toBe(3), patient);
			expect(one.arrived).toBe(2);
			one.open();
			other.open();
			expect(await Promise.all(calls)).toHaveLength(6);
			expect(one.arrived + other.arrived).toBe(6);
		});

		test("says at its start which methods are not called so", async () => {
			const { url } = namespace();
			const logged: unknown[] = [];
			const logger: Logger = { log: (level, message, fields) => void logged.push([level, message, fields]) };
			await listening(transport(url, { logger }), (endpoints) =>
				endpoints.serve(WatchedStock, {
					level: async () => ({ count: 1 }),
					async *changes() {},
				}),
			);
			expect(logged).toEqual([
				[
					"warn",
					"calls over RabbitMQ are unary: methods with a stream are called at the port alone",
					{ methods: ["watched/changes"] },
				],
			]);
		});

		test("is seen by its guard as anybody's: it names no caller", async () => {
			const { address, stock: client, url } = namespace();
			const peers: unknown[] = [];
			const endpoints = new Endpoints({
				guard: ({ peer }, ctx) => {
					peers.push(peer);
					return ctx;
				},
			});
			serving()(endpoints);
			const listener = await transport(url).listen(endpoints);
			onTestFinished(() => listener.close());
			await client.level(input);
			expect(peers).toEqual([{ address }]);
		});
	});

	describe("a call", () => {
		test("fails before it is sent where no instance has ever listened", async () => {
			const error = await failure(namespace().stock.take(input));
			expect(error).toMatchObject({
				code: "unavailable",
				notExecuted: true,
				message: expect.stringMatching(/has no queue for "stock": no instance has listened there yet$/),
			});
		});

		test("waits while no instance is there, and the time that it waits counts", async () => {
			const { listen, stock: client } = namespace();
			await (await listen()).close();
			const began = performance.now();
			const calling = client.take(input, background.withTimeout(20_000));
			await vi.waitFor(() => expect(performance.now() - began).toBeGreaterThan(100), patient);
			const waited = performance.now() - began;
			let remaining = 0;
			await listen(
				serving(async (_, ctx) => {
					remaining = ctx.remaining();
					return { count: 0 };
				}),
			);
			expect(await calling).toEqual({ count: 1 });
			expect(remaining).toBeGreaterThan(0);
			// The wire rounds a timeout up to a millisecond, and a time of day has no parts of one.
			expect(remaining).toBeLessThanOrEqual(20_000 - waited + 2);
		});

		test("whose time is up in the queue never reaches a handler", async () => {
			const { listen, stock: client } = namespace();
			await (await listen()).close();
			expect(await failure(client.take(input, background.withTimeout(50)))).toMatchObject({
				code: "deadline_exceeded",
			});
			await listen();
			expect(await client.level(input)).toEqual({ count: 1 });
		});

		test("that is given up in the queue never reaches a handler that is there by then", async () => {
			const { url, listen, stock: client } = namespace();
			const gate = new Gate();
			const items: string[] = [];
			await listen(
				serving(async ({ item }, ctx) => {
					items.push(item);
					if (item === "waits") await gate.wait(ctx);
					return { count: 0 };
				}),
				transport(url, { prefetch: 2 }),
			);
			const first = client.level({ item: "waits" });
			const running = background.withCancel();
			const second = failure(client.level({ item: "waits" }, running.ctx));
			await vi.waitFor(() => expect(gate.arrived).toBe(2), patient);
			const queued = background.withCancel();
			const third = failure(client.take({ item: "third" }, queued.ctx));
			const fourth = client.level({ item: "fourth" });
			queued.cancel();
			// Cancellations arrive in their order. With this one, there is room for the calls in the queue.
			running.cancel();
			expect([(await second).code, (await third).code]).toEqual(["canceled", "canceled"]);
			await fourth;
			gate.open();
			await first;
			expect(items).toEqual(["waits", "waits", "fourth"]);
			expect(gate.ended).toEqual(["canceled"]);
		});

		test("of a method that one version alone has finds an instance of it", async () => {
			const { listen, stock: older, newer } = namespace();
			await listen();
			await listen((endpoints) =>
				endpoints.serve(NewerStock, { level: async () => ({ count: 7 }), count: async () => ({ count: 7 }) }),
			);
			for (let call = 0; call < 20; call++) {
				expect(await newer.count(input)).toEqual({ count: 7 });
				expect(await older.set(input)).toMatchObject({ count: expect.any(Number) });
			}
		});

		test("of a method that nobody has is refused after a few tries", async () => {
			const { listen, newer } = namespace();
			await listen();
			await listen();
			expect(await failure(newer.count(input))).toMatchObject({
				code: "unimplemented",
				reason: "no_such_method",
				notExecuted: true,
			});
		});
	});

	describe("an instance that drains", () => {
		test("finishes what runs, and leaves the rest to others, of which nothing counts as run", async () => {
			const { url, listen, stock: client } = namespace();
			const gate = new Gate();
			const leaving = await listen(
				serving(async (_, ctx) => {
					await gate.wait(ctx);
					return { count: 0 };
				}),
				transport(url, { prefetch: 1 }),
			);
			const running = client.take(input);
			await vi.waitFor(() => expect(gate.arrived).toBe(1), patient);
			const waiting = Array.from({ length: 10 }, () => client.take(input));
			const draining = leaving.drain();
			await listen();
			expect((await Promise.all(waiting)).map(({ count }) => count).sort((a, b) => a - b)).toEqual(
				Array.from({ length: 10 }, (_, index) => index + 1),
			);
			gate.open();
			expect(await running).toEqual({ count: 1 });
			await draining;
			expect(gate.arrived).toBe(1);
		});

		test("under load loses no call, also of methods with effects", async () => {
			const { url, listen, stock: client } = namespace();
			let isOver = false;
			let answered = 0;
			await listen();
			const callers = Array.from({ length: 32 }, async () => {
				while (!isOver) {
					await client.take(input);
					answered++;
				}
			});
			for (let round = 0; round < 5; round++) {
				const before = answered;
				const instance = await listen(serving(), transport(url));
				await vi.waitFor(() => expect(answered).toBeGreaterThan(before + 200), patient);
				await instance.drain();
				await instance.close();
			}
			isOver = true;
			await Promise.all(callers);
		});
	});

	test("nothing stays open", async () => {
		const opened = (): number =>
			process.getActiveResourcesInfo().filter((kind) => /TCP|Timeout/.test(kind)).length;
		const before = opened();
		const { url, address } = namespace();
		const endpoints = new Endpoints();
		serving()(endpoints);
		const listener = await transport(url).listen(endpoints);
		const client = createClient(Stock, { url: address, transports: [transport(url)] });
		await client.level(input);
		await client[Symbol.asyncDispose]();
		await listener.drain();
		await listener.close();
		// vi.waitFor would count its own timers.
		while (opened() > before) await setImmediate();
	});
});

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Context, Endpoints, type Logger, silentLogger } from "@allium/core";
import { faultProxy } from "@allium/testing/faults";
import { describeServer } from "@allium/testing/servers";
import { type AsyncMessage, Connection, type Envelope } from "rabbitmq-client";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { parseAmqpUrl } from "../amqp-url.ts";
import { RunningRabbit } from "../fixtures/running-rabbit.ts";
import { clientOf, closing, failure, Gate, listening } from "./fixtures/lab.ts";
import { type Serve, Stock, stock } from "./fixtures/stock.ts";
import { QueueListener } from "./queue-listener.ts";
import { transport } from "./transport.ts";

const background = Context.background();
const input = { item: "onion" };
const patient = { timeout: 30_000, interval: 5 };

const serving =
	(before?: Parameters<typeof stock>[0]): Serve =>
	(endpoints) =>
		endpoints.serve(Stock, stock(before));

describeServer("rabbitmq", (program) => {
	let server: RunningRabbit;
	let url: string;
	let namespace: string;
	let address: string;
	beforeAll(async () => {
		server = await RunningRabbit.start(program);
	});
	afterAll(() => server[Symbol.asyncDispose]());
	beforeEach(() => {
		url = server.newUrl();
		namespace = new URL(url).searchParams.get("namespace") ?? "";
		address = `amqp://allium-calls.${namespace}`;
	});

	const client = () => clientOf(Stock, transport(url), address);

	/** An instance whose connection to the server can be cut. */
	async function mortal(serve: Serve): Promise<{ cut(): void }> {
		const proxy = closing(await faultProxy({ target: `amqp://${server.host}` }));
		await listening(transport(server.through(url, proxy.url)), serve);
		return { cut: () => proxy.cut("reset") };
	}

	describe("a call whose instance is lost while it runs", () => {
		async function lostOnce(method: "take" | "set" | "level") {
			const gate = new Gate();
			const { cut } = await mortal(
				serving(async (_, ctx) => {
					await gate.wait(ctx);
					return { count: 0 };
				}),
			);
			const calling = client()[method](input);
			calling.catch(() => {});
			await vi.waitFor(() => expect(gate.arrived).toBe(1), patient);
			let again = 0;
			await listening(
				transport(url),
				serving(async () => ({ count: again++ })),
			);
			cut();
			await vi.waitFor(() => expect(gate.ended).toEqual(["canceled"]), patient);
			// If the first instance is back, it must not hold the call any more.
			gate.open();
			return { calling, runs: () => again + gate.arrived };
		}

		test("is refused if it may have had effects, and runs nowhere else", async () => {
			const { calling, runs } = await lostOnce("take");
			expect(await failure(calling)).toMatchObject({
				code: "aborted",
				reason: "may_have_run",
				notExecuted: false,
			});
			expect(runs()).toBe(1);
		});

		test.each(["set", "level"] as const)("runs again if it may be repeated: %s", async (method) => {
			const { calling, runs } = await lostOnce(method);
			expect(await calling).toEqual({ count: expect.any(Number) });
			expect(runs()).toBe(2);
		});

		test("runs nowhere else once it has taken long, as its message is acknowledged by then", async () => {
			const proxy = closing(await faultProxy({ target: `amqp://${server.host}` }));
			const endpoints = new Endpoints();
			const gate = new Gate();
			serving(async (_, ctx) => {
				await gate.wait(ctx);
				return { count: 0 };
			})(endpoints);
			const options = { prefetch: 1, maxMessageBytes: 10_000, holdMs: 0, logger: silentLogger };
			const through = parseAmqpUrl(server.through(url, proxy.url));
			closing(await QueueListener.listen({ ...options, address: through, endpoints }));
			const stocked = client();
			const calling = failure(stocked.set({ item: "long" }, background.withTimeout(4_000)));
			await vi.waitFor(() => expect(gate.arrived).toBe(1), patient);
			// The acknowledged message makes room for the next.
			const next = failure(stocked.take(input));
			await vi.waitFor(() => expect(gate.arrived).toBe(2), patient);
			const elsewhere: string[] = [];
			await listening(
				transport(url),
				serving(async ({ item }) => ({ count: elsewhere.push(item) })),
			);
			proxy.cut("reset");
			// Whether the second was acknowledged, too, by then, is a matter of moments.
			await Promise.all([calling, Promise.race([next, calling])]);
			gate.open();
			expect(elsewhere).toEqual([]);
			expect(await calling).toMatchObject({ code: "deadline_exceeded" });
		});

		test("takes no more than a few instances with it", async () => {
			let runs = 0;
			const stocked = client();
			const { cut } = await mortal(
				serving(async ({ item }, ctx) => {
					if (item === "ping") return { count: 0 };
					runs++;
					// An acknowledgement that is lost with its connection makes one run more. The answer to a ping comes behind it.
					await stocked.take({ item: "ping" });
					cut();
					await new Gate().wait(ctx);
					return { count: 0 };
				}),
			);
			expect(await failure(stocked.level(input))).toMatchObject({ code: "aborted", reason: "may_have_run" });
			expect(runs).toBe(6);
		});
	});

	describe("a server that is killed under load", () => {
		test("leaves no call unsettled, and calls go on when it is back", async () => {
			await using own = await RunningRabbit.start(program);
			url = own.newUrl();
			address = `amqp://allium-calls.${new URL(url).searchParams.get("namespace")}`;
			const logged: string[] = [];
			const logger: Logger = { log: (_, message) => void logged.push(message) };
			const gate = new Gate();
			await listening(
				transport(url, { logger }),
				serving(async ({ item }, ctx) => {
					if (item === "waits") await gate.wait(ctx);
					return { count: 0 };
				}),
			);
			const stocked = client();
			await stocked.take(input);
			const rounds = 2;
			for (let round = 0; round < rounds; round++) {
				let isOver = false;
				let answered = 0;
				const callers = Array.from({ length: 64 }, async () => {
					while (!isOver) {
						await stocked.take(input).then(
							() => answered++,
							(error) => expect(error).toMatchObject({ code: "unavailable" }),
						);
						await new Promise((resolve) => setImmediate(resolve));
					}
				});
				const hanging = Array.from({ length: 64 }, () => failure(stocked.take({ item: "waits" })));
				await vi.waitFor(() => expect(answered).toBeGreaterThan(500), patient);
				await own.server.kill();
				for (const error of await Promise.all(hanging)) {
					expect(error).toMatchObject({ code: "unavailable", notExecuted: false });
				}
				isOver = true;
				await Promise.all(callers);
				await own.server.restart();
				await vi.waitFor(async () => expect(await stocked.take(input)).toMatchObject({}), patient);
			}
			const told = (said: string): number => logged.filter((message) => message.startsWith(said)).length;
			expect(told("nobody can call over RabbitMQ")).toBe(rounds);
			expect(told("RabbitMQ is reached again")).toBe(rounds);
		}, 180_000);
	});

	describe("the server", () => {
		test("that lacks memory is told at once, and calls go on when it has room", async () => {
			await listening(transport(url), serving());
			const stocked = client();
			await stocked.level(input);
			await server.control("rabbitmqctl set_vm_memory_high_watermark 0");
			try {
				// The server tells it with the first message that it does not take.
				await vi.waitFor(async () => {
					const error = await failure(stocked.level(input, background.withTimeout(200)));
					expect(error).toMatchObject({ code: "unavailable", notExecuted: true });
					expect(error.message).toContain("takes no messages now; make room on its disk or in its memory");
				}, patient);
			} finally {
				await server.control("rabbitmqctl set_vm_memory_high_watermark 0.4");
			}
			await vi.waitFor(
				async () => expect(await stocked.level(input, background.withTimeout(2_000))).toMatchObject({}),
				patient,
			);
		});

		test("refuses what is more than the queue of a service may hold", async () => {
			await server.control(
				`rabbitmqctl set_policy small '^${namespace}:calls/' '{"max-length-bytes":100}' --apply-to queues`,
			);
			onTestFinished(() => server.control("rabbitmqctl clear_policy small"));
			const gate = new Gate();
			await listening(
				transport(url, { prefetch: 1 }),
				serving(async (_, ctx) => {
					await gate.wait(ctx);
					return { count: 0 };
				}),
			);
			const stocked = client();
			const running = stocked.level(input);
			await vi.waitFor(() => expect(gate.arrived).toBe(1), patient);
			const refused: unknown[] = [];
			let answered = 0;
			const calls = Array.from({ length: 20 }, () =>
				stocked.take(input).then(
					() => answered++,
					(error) => refused.push(error),
				),
			);
			await vi.waitFor(() => expect(refused.length).toBeGreaterThan(0), patient);
			gate.open();
			await Promise.all([running, ...calls]);
			expect(answered).toBeGreaterThan(0);
			for (const error of refused) {
				expect(error).toMatchObject({
					code: "resource_exhausted",
					notExecuted: true,
					message: expect.stringMatching(/^the queue of "stock" on RabbitMQ at \S+ is full$/),
				});
			}
		});

		test("that lost the queue of a service gets it again", async () => {
			await listening(transport(url), serving());
			const stocked = client();
			await stocked.level(input);
			const channel = await stranger();
			await channel.queueDelete({ queue: `${namespace}:calls/stock` });
			await vi.waitFor(
				async () => expect(await stocked.level(input, background.withTimeout(500))).toMatchObject({}),
				patient,
			);
		});

		test("that refuses the user is told in a sentence", async () => {
			const refused = transport(`amqp://guest:wrong@${server.host}`);
			await expect(listening(refused, serving())).rejects.toMatchObject({
				code: "failed_precondition",
				message: expect.stringContaining("refuses the user or the password"),
			});
			const error = await failure(clientOf(Stock, refused, address).level(input));
			expect(error).toMatchObject({ code: "unavailable", notExecuted: true });
			expect(error.message).toContain("refuses the user or the password");
		});
	});

	test("the permissions that the guide lists are enough, and who lacks them is told so", async () => {
		const guide = readFileSync(join(import.meta.dirname, "../../../../docs/guide/amqp.md"), "utf8");
		const grants = guide.split("\n").filter((line) => line.startsWith("rabbitmqctl"));
		expect(grants).toHaveLength(2);
		await server.control("rabbitmqctl add_vhost shop");
		for (const user of ["service", "caller", "stranger"])
			await server.control(`rabbitmqctl add_user ${user} secret`);
		for (const grant of grants) await server.control(grant);
		await server.control("rabbitmqctl set_permissions -p shop stranger '^$' '^$' '^$'");
		const as = (user: string) =>
			transport(`amqp://${user}:secret@${server.host}/shop`, { namespace: "default" });
		const gate = new Gate();
		await listening(
			as("service"),
			serving(async ({ item }, ctx) => {
				if (item === "waits") await gate.wait(ctx);
				return { count: 0 };
			}),
		);
		const stocked = clientOf(Stock, as("caller"), "amqp://allium-calls.default");
		expect(await stocked.level(input)).toEqual({ count: 1 });
		const { ctx, cancel } = background.withCancel();
		const waiting = failure(stocked.take({ item: "waits" }, ctx));
		await vi.waitFor(() => expect(gate.arrived).toBe(1), patient);
		cancel();
		expect(await waiting).toMatchObject({ code: "canceled" });
		await vi.waitFor(() => expect(gate.ended).toEqual(["canceled"]), patient);
		await expect(listening(as("caller"), serving())).rejects.toMatchObject({ code: "permission_denied" });
		const refused = failure(clientOf(Stock, as("stranger"), "amqp://allium-calls.default").level(input));
		expect(await refused).toMatchObject({
			code: "permission_denied",
			notExecuted: true,
			message: expect.stringContaining("does not let this user do what Allium needs"),
		});
	});

	/** A channel of somebody who knows nothing of Allium. */
	async function stranger() {
		const connection = new Connection({ hosts: [server.host], frameMax: 131_072 });
		connection.on("error", () => {});
		const channel = await connection.acquire();
		onTestFinished(async () => {
			await channel.close();
			await connection.close();
		});
		return channel;
	}

	describe("a stranger", () => {
		async function asking() {
			const logged: string[] = [];
			const logger: Logger = { log: (_, message) => void logged.push(message) };
			let runs = 0;
			await listening(
				transport(url, { logger, limits: { maxMessageBytes: 10_000 } }),
				serving(async () => ({ count: runs++ })),
			);
			const channel = await stranger();
			const answers: AsyncMessage[] = [];
			await channel.basicConsume({ queue: "amq.rabbitmq.reply-to", noAck: true }, (message) => {
				answers.push(message);
			});
			const queue = `${namespace}:calls/stock`;
			const send = async (envelope: Envelope, body: unknown = input): Promise<void> =>
				channel.basicPublish({ routingKey: queue, ...envelope }, body);
			const ask = async (envelope: Envelope, body: unknown = input): Promise<unknown> => {
				const before = answers.length;
				await send({ replyTo: "amq.rabbitmq.reply-to", correlationId: "1", ...envelope }, body);
				await vi.waitFor(() => expect(answers.length).toBe(before + 1), patient);
				const [answer] = answers.slice(before);
				expect(answer?.correlationId).toBe("1");
				return { type: answer?.type, body: JSON.parse(String(answer?.body)) };
			};
			/** How many messages wait, or are with the instance. */
			const left = async (): Promise<number> => {
				const { messageCount } = await channel.queueDeclare({ queue, passive: true });
				return messageCount;
			};
			return { ask, send, left, logged, runs: () => runs, answers };
		}

		test("is answered in JSON, whatever the client library makes of it", async () => {
			const { ask } = await asking();
			expect(await ask({ type: "level" })).toEqual({ type: "output", body: { count: 1 } });
			expect(await ask({ type: "stock/take" }, JSON.stringify(input))).toEqual({
				type: "output",
				body: { count: 2 },
			});
			expect(await ask({ type: "set" }, Buffer.from(JSON.stringify(input)))).toEqual({
				type: "output",
				body: { count: 3 },
			});
		});

		test.each([
			["garbage", { type: "level" }, Buffer.from([0xff, 0x00, 0x7b]), "invalid_argument"],
			["no JSON", { type: "level" }, Buffer.from("{"), "invalid_argument"],
			["another input", { type: "level" }, { item: 7 }, "invalid_argument"],
			["nothing", { type: "level" }, Buffer.alloc(0), "invalid_argument"],
			["too much", { type: "level" }, { item: "x".repeat(20_000) }, "resource_exhausted"],
			["an unknown method", { type: "minus" }, input, "unimplemented"],
			["no method", {}, input, "unimplemented"],
			["an unknown service", { type: "bank/empty" }, input, "unimplemented"],
			["a name of the language", { type: "constructor" }, input, "unimplemented"],
			[
				"metadata beyond the limit",
				{ type: "level", headers: { "x-long": "x".repeat(9_000) } },
				input,
				"invalid_argument",
			],
		])("that sends %s gets an error of the Connect protocol", async (_, envelope, body, code) => {
			const { ask, runs, left } = await asking();
			expect(await ask(envelope, body)).toMatchObject({ type: "error", body: { code } });
			expect(runs()).toBe(0);
			await vi.waitFor(async () => expect(await left()).toBe(0), patient);
			expect(await ask({ type: "level" })).toMatchObject({ type: "output" });
		});

		test("with headers that mean something here gets no more than an answer", async () => {
			const { ask } = await asking();
			for (const headers of [
				{ "Allium-Deadline": "soon", "Allium-Returns": "often" },
				{ "Allium-Deadline": Number.MAX_SAFE_INTEGER, "Allium-Returns": -1 },
				{ "Allium-Deadline": { a: 1 }, "Allium-Returns": [1] },
				{ __proto__: { a: 1 }, toString: "x" },
			]) {
				expect(await ask({ type: "level", headers })).toMatchObject({ type: "output" });
			}
		});

		test.each([
			["no address for the answer", () => ({})],
			["the queue of the service as the address", () => ({ replyTo: `${namespace}:calls/stock` })],
			["another queue as the address", () => ({ replyTo: "payments" })],
		])("with %s gets none, and its message is dropped with one line", async (_, envelope) => {
			const { ask, send, left, logged, runs } = await asking();
			await send({ type: "take", correlationId: "2", ...envelope() });
			await vi.waitFor(() => expect(logged).toHaveLength(1), patient);
			expect(logged[0]).toContain(
				"a message was dropped: it wants no answer, or wants it where no caller waits",
			);
			expect(await ask({ type: "level" })).toEqual({ type: "output", body: { count: 1 } });
			expect(await left()).toBe(0);
			expect(runs()).toBe(1);
		});

		test("with a forged address for the answer ends no connection over which calls come", async () => {
			const { ask, send, left, logged } = await asking();
			expect(await ask({ type: "level" })).toMatchObject({ type: "output" });
			// Whatever a server makes of it: some of them end the connection that sends an answer there.
			for (const token of ["garbage", "g1h2.dead==", "", "a.b"]) {
				await send({ type: "level", replyTo: `amq.rabbitmq.reply-to.${token}`, correlationId: "3" });
			}
			expect(await ask({ type: "level" })).toEqual({ type: "output", body: { count: 2 } });
			await vi.waitFor(async () => expect(await left()).toBe(0), patient);
			expect(logged.filter((message) => message.startsWith("nobody can call"))).toEqual([]);
		});
	});

	describe("an answer", () => {
		/** Somebody who answers as a service would, or not. */
		async function impostor(answer: (message: AsyncMessage) => readonly (readonly [Envelope, Buffer])[]) {
			// The queue is made as an instance makes it.
			await (await listening(transport(url), serving())).close();
			const channel = await stranger();
			await channel.basicConsume({ queue: `${namespace}:calls/stock`, noAck: true }, async (message) => {
				const { replyTo: routingKey = "", correlationId = "" } = message;
				for (const [envelope, body] of answer(message)) {
					await channel.basicPublish({ routingKey, correlationId, type: "output", ...envelope }, body);
				}
			});
		}
		const output = (count: number): Buffer => Buffer.from(JSON.stringify({ count }));

		test("that comes twice counts once", async () => {
			await impostor(() => [
				[{}, output(1)],
				[{}, output(2)],
			]);
			const stocked = client();
			for (let call = 0; call < 50; call++) expect(await stocked.level(input)).toEqual({ count: 1 });
		});

		test("that comes late, or to no call, is ignored", async () => {
			const late = Promise.withResolvers<void>();
			await impostor(({ headers }) => {
				if (headers?.["x-late"] === undefined)
					return [
						[{ correlationId: "nobody" }, output(3)],
						[{}, output(1)],
					];
				late.resolve();
				return [];
			});
			const stocked = client();
			const ctx = background.withMetadata({ "x-late": "1" }).withTimeout(300);
			expect(await failure(stocked.level(input, ctx))).toMatchObject({ code: "deadline_exceeded" });
			await late.promise;
			expect(await stocked.level(input)).toEqual({ count: 1 });
		});

		test.each([
			["garbage", {}, Buffer.from([0xff, 0x00]), "invalid_argument"],
			["of no known type", { type: "hello" }, output(1), "unknown"],
			["an error that is none", { type: "error" }, Buffer.from("[]"), "unknown"],
			["an error with an unknown code", { type: "error" }, Buffer.from('{"code":"odd"}'), "unknown"],
			[
				"more than the limit",
				{},
				Buffer.from(JSON.stringify({ count: "x".repeat(5_000_000) })),
				"resource_exhausted",
			],
		])("that is %s fails the call, and no other", async (_, envelope, body, code) => {
			await impostor(({ headers }) => [
				headers?.["x-bad"] === undefined ? [{}, output(1)] : [envelope, body],
			]);
			const stocked = client();
			const bad = failure(stocked.level(input, background.withMetadata({ "x-bad": "1" })));
			expect(await stocked.level(input)).toEqual({ count: 1 });
			expect((await bad).code).toBe(code);
		});
	});

	test("services that come and go while a process serves get their queues", async () => {
		const endpoints = new Endpoints();
		closing(await transport(url).listen(endpoints));
		const stocked = client();
		expect(await failure(stocked.level(input))).toMatchObject({ code: "unavailable", notExecuted: true });
		serving()(endpoints);
		await vi.waitFor(async () => expect(await stocked.level(input)).toEqual({ count: 1 }), patient);
	});
});

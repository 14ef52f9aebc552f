import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Context, type Logger } from "@allium/core";
import type { Broker } from "@allium/core/event";
import { faultProxy } from "@allium/testing/faults";
import { describeServer } from "@allium/testing/servers";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { namesOf, RunningRabbit } from "./fixtures/running-rabbit.ts";
import { broker, type RabbitBrokerOptions } from "./rabbit-broker.ts";

const background = Context.background();

/** A logger that keeps the level and the message of each line. */
function keptLog(): { readonly logged: readonly string[]; readonly logger: Logger } {
	const logged: string[] = [];
	return { logged, logger: { log: (level, message) => void logged.push(`${level} ${message}`) } };
}

test("a server that is not there", async () => {
	await expect(broker("amqp://shop:secret@127.0.0.1:1/shop")).rejects.toMatchObject({
		code: "unavailable",
		message: expect.stringContaining("RabbitMQ at amqp://shop:***@127.0.0.1:1/shop does not answer"),
	});
});

describeServer("rabbitmq", (file) => {
	let server: RunningRabbit;
	let closing: Broker[] = [];
	beforeAll(async () => {
		server = await RunningRabbit.start(file);
	});
	afterAll(() => server[Symbol.asyncDispose]());
	afterEach(async () => {
		for (const each of closing) await each.close();
		closing = [];
	});

	async function open(url: string, options: RabbitBrokerOptions = {}): Promise<Broker> {
		const opened = await broker(url, options);
		closing.push(opened);
		return opened;
	}

	const control = (line: string): Promise<void> => server.control(line);

	describe("one sentence says what to do when", () => {
		test("the password is wrong", async () => {
			await expect(open(`amqp://guest:wrong@${server.host}`)).rejects.toMatchObject({
				code: "failed_precondition",
				message: expect.stringContaining("refuses the user or the password"),
			});
		});

		test("the virtual host is missing", async () => {
			await expect(open(`amqp://guest:guest@${server.host}/missing`)).rejects.toMatchObject({
				code: "failed_precondition",
				message: expect.stringContaining("virtual host"),
			});
		});

		test("the file of a certificate is missing", async () => {
			await expect(open(`amqps://${server.host}?ca=/nowhere.pem`)).rejects.toMatchObject({
				code: "failed_precondition",
				message: expect.stringContaining("/nowhere.pem"),
			});
		});

		test("the user may not make what is needed; with what the guide grants it may", async () => {
			const guide = readFileSync(join(import.meta.dirname, "../../../docs/guide/rabbitmq.md"), "utf8");
			const lines = guide.split("\n").filter((line) => line.startsWith("rabbitmqctl"));
			const [host = "", user = "", grant = expect.unreachable()] = lines;
			for (const line of [host, user]) await control(line);
			await control("rabbitmqctl set_permissions -p shop orders '^$' '^$' '^$'");
			const url = `amqp://orders:secret@${server.host}/shop`;
			await expect((await open(url)).open("matches", {}, background)).rejects.toMatchObject({
				code: "permission_denied",
			});
			await control(grant);
			const events = await open(url);
			const id = { topic: "matches", group: "rewards" };
			const topic = await events.open("matches", { lanes: 1 }, background);
			const spec = { from: "now", concurrency: 1, bytes: 1e6, each: false, park: "event" } as const;
			const error = { code: "internal", message: "no" };
			const handles = { started: 1 };
			await events.consume({ ...id, ...spec, handles }, async () => ({ do: "park", error }), background);
			const event = { id: "1", type: "matches.started", version: 1, source: "test", correlationId: "1" };
			await topic.publish([{ ...event, time: new Date().toISOString(), data: {} }], background);
			await vi.waitFor(
				async () => {
					expect((await events.parking(id).list({ limit: 9 }, background)).items).toHaveLength(1);
				},
				{ timeout: 60_000 },
			);
		});
	});

	test("a server that takes what is published tells its version and what it lacks, and warns of nothing", async () => {
		const events = await open(server.newUrl());
		expect(await events.server?.(background)).toEqual({
			version: expect.stringMatching(/^RabbitMQ \d+\.\d+\.\d+/),
			lacks: expect.arrayContaining(["delays", "a memory of ids"]),
			warnings: [],
		});
	});

	test("a server that takes nothing more from those who publish is told with what to do", async () => {
		await control("rabbitmqctl set_vm_memory_high_watermark 0");
		const { logged, logger } = keptLog();
		try {
			const events = await open(server.newUrl(), { logger });
			expect((await events.server?.(background))?.warnings).toEqual([
				{
					says: "the server takes no events from publishers",
					remedy: expect.stringContaining("rabbitmqctl status"),
				},
			]);
			expect(logged).toEqual([
				"warn RabbitMQ takes nothing from publishers; make room in its memory or on its disk",
			]);
		} finally {
			await control("rabbitmqctl set_vm_memory_high_watermark 0.4");
		}
	});

	test("a server that is lost is told once, and once it is there again, for each connection; closing is not", async () => {
		await using proxy = await faultProxy({ target: `amqp://${server.host}` });
		const { logged, logger } = keptLog();
		const events = await open(server.through(server.newUrl(), proxy.url), { logger });
		const refused = proxy.add({ fault: "refuse" });
		proxy.cut("reset");
		const lost = "warn the connection to RabbitMQ is lost; it is being made again";
		await expect.poll(() => logged).toEqual([lost, lost]);
		refused.remove();
		const back = "info the connection to RabbitMQ is there again";
		await expect.poll(() => logged).toEqual([lost, lost, back, back]);
		await events.close();
		proxy.cut("reset");
		expect(logged).toHaveLength(4);
	});

	describe("parked events", () => {
		async function parked(ids: readonly string[]) {
			const url = server.newUrl();
			const events = await open(url);
			const id = { topic: "matches", group: "rewards" };
			const topic = await events.open("matches", { lanes: 1 }, background);
			const seen: { readonly id: string; readonly isReplay: boolean }[] = [];
			let heals = false;
			const consumed = events.consume(
				{
					...id,
					from: "now",
					handles: { started: 1 },
					concurrency: 1,
					bytes: 1e6,
					each: false,
					park: "event",
				},
				async ({ event, isReplay }) => {
					seen.push({ id: event.id, isReplay });
					return heals ? { do: "done" } : { do: "park", error: { code: "internal", message: "no" } };
				},
				background,
			);
			await consumed;
			const time = new Date().toISOString();
			const made = ids.map((each) => ({
				id: each,
				type: "matches.started",
				version: 1,
				source: "test",
				key: "a",
			}));
			await topic.publish(
				made.map((event) => ({ ...event, time, data: {}, correlationId: event.id })),
				background,
			);
			const parking = events.parking(id);
			const listed = async (): Promise<string[]> =>
				(await parking.list({ limit: 100 }, background)).items.map(({ event }) => event?.id ?? "");
			await vi.waitFor(async () => expect(await listed()).toEqual(ids), { timeout: 60_000 });
			const heal = (): void => {
				heals = true;
			};
			return { url, id, parking, listed, seen, heal };
		}

		test("stay parked however often they are listed, and are replayed in their order", async () => {
			const { parking, listed, seen, heal } = await parked(["1", "2", "3", "4"]);
			for (let round = 0; round < 30; round++) expect(await listed()).toEqual(["1", "2", "3", "4"]);
			heal();
			seen.length = 0;
			expect(await parking.replay("all", background)).toBe(4);
			await vi.waitFor(() => expect(seen).toHaveLength(4), { timeout: 60_000 });
			expect(seen).toEqual(["1", "2", "3", "4"].map((id) => ({ id, isReplay: true })));
			expect(await listed()).toEqual([]);
			expect(await parking.replay("all", background)).toBe(0);
		});

		test("are discarded by id or by key, and the others stay", async () => {
			const { parking, listed, seen } = await parked(["1", "2", "3"]);
			expect(await parking.discard({ ids: ["e:2"] }, background)).toBe(1);
			expect(await listed()).toEqual(["1", "3"]);
			expect(await parking.discard({ keys: ["b"] }, background)).toBe(0);
			expect(await parking.discard({ keys: ["a"] }, background)).toBe(2);
			expect(await listed()).toEqual([]);
			expect(seen.map(({ id }) => id)).toEqual(["1", "2", "3"]);
		});

		test("that the server has twice are one event", async () => {
			const { url, id, parking, listed, seen, heal } = await parked(["1", "2"]);
			await server.asStranger(async (channel) => {
				await channel.confirmSelect();
				const message = await channel.basicGet({ queue: namesOf(url).parked(id) });
				if (message === undefined) throw new Error("nothing is parked");
				const { headers = {}, body } = message;
				await channel.basicPublish({ routingKey: namesOf(url).parked(id), headers }, body);
			});
			expect(await listed()).toEqual(["1", "2"]);
			heal();
			seen.length = 0;
			expect(await parking.replay("all", background)).toBe(2);
			expect(await listed()).toEqual([]);
			await vi.waitFor(() => expect(seen.map((each) => each.id)).toEqual(["1", "2"]));
		});

		test("of a group that is not there are none", async () => {
			const events = await open(server.newUrl());
			const parking = events.parking({ topic: "matches", group: "nobody" });
			expect(await parking.list({ limit: 10 }, background)).toEqual({ items: [] });
			expect(await parking.discard("all", background)).toBe(0);
		});
	});
});

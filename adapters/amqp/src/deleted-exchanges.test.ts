import { Context } from "@allium/core";
import type { Broker, Deliver, GroupSpec } from "@allium/core/event";
import { describeServer } from "@allium/testing/servers";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { parseAmqpUrl } from "./amqp-url.ts";
import { namesOf, RunningRabbit } from "./fixtures/running-rabbit.ts";
import { GroupMembers } from "./group-members.ts";
import { broker } from "./rabbit-broker.ts";
import { RabbitConnection } from "./rabbit-connection.ts";

const background = Context.background();
const id = { topic: "matches", group: "rewards" };
const patience = { timeout: 60_000, interval: 100 };

function started(number: number) {
	const identity = { id: String(number), correlationId: String(number) };
	const time = new Date().toISOString();
	return { ...identity, type: "matches.started", version: 1, source: "test", time, data: {} };
}

describeServer("rabbitmq", (file) => {
	let server: RunningRabbit;
	const closing: { close(): Promise<void> }[] = [];
	beforeAll(async () => {
		server = await RunningRabbit.start(file);
	});
	afterAll(() => server[Symbol.asyncDispose]());
	afterEach(async () => {
		for (const each of closing.splice(0).reverse()) await each.close();
	});

	async function open(url: string): Promise<Broker> {
		const opened = await broker(url, { ttlMs: 2_000 });
		closing.push(opened);
		return opened;
	}

	const deleted = (exchange: string): Promise<void> =>
		server.asStranger((channel) => channel.exchangeDelete({ exchange }));

	describe.each([
		{ each: false, whose: "that processes share" },
		{ each: true, whose: "of each process" },
	])("a group $whose", ({ each }) => {
		const spec: GroupSpec = {
			...id,
			from: "now",
			handles: { started: 1 },
			concurrency: 1,
			bytes: 1e6,
			each,
			park: "event",
		};

		test("gets events again after an operator deleted the exchange of the topic", async () => {
			const url = server.newUrl();
			const [publisher, handler] = [await open(url), await open(url)];
			const topic = await publisher.open("matches", { lanes: 2 }, background);
			const handled = vi.fn<Deliver>(async () => ({ do: "done" }));
			await handler.consume(spec, handled, background);
			await deleted(namesOf(url).topic("matches"));
			await expect(topic.publish([started(0)], background)).rejects.toMatchObject({
				code: "unavailable",
				message: expect.stringContaining("has lost an exchange"),
			});
			let number = 0;
			await vi.waitFor(async () => {
				await topic.publish([started(++number)], background);
				expect(handled).toHaveBeenCalled();
			}, patience);
		});

		test("gets events again after a publisher made the exchange again", async () => {
			const url = server.newUrl();
			const handler = await open(url);
			const handled = vi.fn<Deliver>(async () => ({ do: "done" }));
			await handler.consume(spec, handled, background);
			await deleted(namesOf(url).topic("matches"));
			const topic = await (await open(url)).open("matches", {}, background);
			let number = 0;
			await vi.waitFor(async () => {
				await topic.publish([started(++number)], background);
				expect(handled).toHaveBeenCalled();
			}, patience);
		});
	});

	describe("members of a group find each other again", () => {
		async function member(url: string, onChange = (): void => {}): Promise<GroupMembers> {
			const connection = await RabbitConnection.open(parseAmqpUrl(url, {}), "test", 2_000);
			const handles = { started: 1 };
			const names = namesOf(url);
			const options = { id, handles, names, connection, ttlMs: 2_000, onChange };
			const joined = await GroupMembers.join(options);
			closing.push(connection, { close: () => joined.leave() });
			return joined;
		}

		/** Lets an operator do something, and a third member come afterwards, of whom both are to hear. */
		async function joinsAfter(url: string, act: () => Promise<void>): Promise<void> {
			const [one, other] = [await member(url), await member(url)];
			await vi.waitFor(() => expect([one.all.length, other.all.length]).toEqual([2, 2]), patience);
			await act();
			const third = await member(url);
			const everybody = [one, other, third].map(({ self }) => self.id).sort();
			await vi.waitFor(() => {
				for (const { all } of [one, other, third]) {
					expect(all.map(({ id }) => id).sort()).toEqual(everybody);
				}
			}, patience);
		}

		test("after an operator deleted their exchange", async () => {
			const url = server.newUrl();
			await joinsAfter(url, () => deleted(namesOf(url).members));
		});

		test("after an operator deleted their queues", async () => {
			const url = server.newUrl();
			await joinsAfter(url, () => server.deleteQueues("amq.gen"));
		});

		test("and learn who left while they did not hear", async () => {
			const url = server.newUrl();
			const onChange = vi.fn();
			const [one, other] = [await member(url, onChange), await member(url)];
			await vi.waitFor(() => expect(one.all).toHaveLength(2), patience);
			onChange.mockClear();
			await server.control("rabbitmqctl close_all_connections test");
			await other.leave();
			await vi.waitFor(() => expect(onChange).toHaveBeenCalled(), patience);
			expect(one.all).toEqual([one.self]);
		});
	});
});

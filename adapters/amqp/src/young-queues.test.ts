import { Context } from "@allium/core";
import type { Broker, BrokerTopic, Consumer, Verdict } from "@allium/core/event";
import { describeServer } from "@allium/testing/servers";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { matchEvent } from "./fixtures/match-event.ts";
import { namesOf, RunningRabbit } from "./fixtures/running-rabbit.ts";
import { broker } from "./rabbit-broker.ts";

const background = Context.background();
const rewards = { topic: "matches", group: "rewards" };
const done: Verdict = { do: "done" };
const park: Verdict = { do: "park", error: { code: "internal", message: "no" } };
const keys = Array.from({ length: 20 }, (_, index) => `k${index}`);

describeServer("rabbitmq", (file) => {
	let server: RunningRabbit;
	let url: string;
	let events: Broker;
	beforeAll(async () => {
		server = await RunningRabbit.start(file);
	});
	afterAll(() => server[Symbol.asyncDispose]());
	beforeEach(async () => {
		url = server.newUrl();
		events = await broker(url, { ttlMs: 2_000 });
	});
	afterEach(() => events.close());

	/** Works on a group of a topic. Returns the ids of what it is given, in order. */
	async function consume(
		group: string,
		verdict: Verdict = done,
	): Promise<{ readonly seen: string[]; readonly consumer: Consumer }> {
		const seen: string[] = [];
		const consumer = await events.consume(
			{
				topic: rewards.topic,
				group,
				from: "now",
				handles: { started: 1 },
				concurrency: 16,
				bytes: 4 * 1024 * 1024,
				each: false,
				park: "event",
			},
			async ({ event: { id } }) => {
				seen.push(id);
				return verdict;
			},
			background,
		);
		return { seen, consumer };
	}

	/** Publishes an event of each key. */
	async function publishRound(topic: BrokerTopic, round: number | string): Promise<void> {
		await topic.publish(
			keys.map((key) => matchEvent(`${key}-${round}`, key)),
			background,
		);
	}

	/** Expects that the rounds of each key were handled in order, not counting repetitions. */
	async function expectRounds(seen: readonly string[], rounds: readonly (number | string)[]): Promise<void> {
		const isMeant = (id: string): boolean => rounds.some((round) => id.endsWith(`-${round}`));
		const meant = (): string[] => [...new Set(seen.filter(isMeant))];
		await vi.waitFor(() => expect(meant()).toHaveLength(rounds.length * keys.length));
		for (const key of keys) {
			const ofKey = meant().filter((id) => id.startsWith(`${key}-`));
			expect(ofKey).toEqual(rounds.map((round) => `${key}-${round}`));
		}
	}

	test("a group that begins on a topic that nobody has made gets all that is published from then on", async () => {
		const groups = Array.from({ length: 8 }, (_, index) => `group-${index}`);
		for (const group of groups) {
			const { seen } = await consume(group);
			const topic = await events.open("matches", { lanes: 4 }, background);
			await publishRound(topic, group);
			await expectRounds(seen, [group]);
		}
	});

	test("the queue of a lane that an operator deletes is made again, and all that is published from then on is handled", async () => {
		const topic = await events.open("matches", { lanes: 4 }, background);
		const { seen, consumer } = await consume("rewards");
		await publishRound(topic, 0);
		await expectRounds(seen, [0]);
		await server.asStranger(async (channel) => {
			for (let lane = 0; lane < 4; lane++) await channel.queueDelete(namesOf(url).lane(rewards, lane));
		});
		await vi.waitFor(async () => expect(await server.lanes(url, rewards, 4)).toMatchObject({ consumers: 4 }));
		for (const round of [1, 2, 3]) await publishRound(topic, round);
		await expectRounds(seen, [0, 1, 2, 3]);
		expect((await consumer.report(background)).trouble).toBeUndefined();
	});

	test("the queue of parked events that an operator deletes is made again for the next one", async () => {
		const topic = await events.open("matches", { lanes: 1 }, background);
		await consume("rewards", park);
		await server.asStranger((channel) => channel.queueDelete(namesOf(url).parked(rewards)));
		await topic.publish([matchEvent("1", "a"), matchEvent("2", "b")], background);
		const parked = async (): Promise<(string | undefined)[]> => {
			const { items } = await events.parking(rewards).list({ limit: 10 }, background);
			return items.map((item) => item.event?.id).sort();
		};
		await vi.waitFor(async () => expect(await parked()).toEqual(["1", "2"]));
	});
});

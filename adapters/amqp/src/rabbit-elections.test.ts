import { Context } from "@allium/core";
import type { Broker, BrokerTopic, Deliver, Verdict } from "@allium/core/event";
import { describeServer } from "@allium/testing/servers";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { matchEvent } from "./fixtures/match-event.ts";
import { RabbitCluster } from "./fixtures/rabbit-cluster.ts";
import { Names } from "./names.ts";
import { broker } from "./rabbit-broker.ts";

const background = Context.background();
/** The commands of a cluster take seconds each on a busy machine. */
const slowMs = 600_000;
const rewards = { topic: "matches", group: "rewards" };
const again: Verdict = {
	do: "retry",
	afterMs: 1,
	blameless: true,
	error: { code: "unavailable", message: "the lane is lost" },
};
const keys = Array.from({ length: 20 }, (_, index) => `k${index}`);

describeServer("rabbitmq", (file) => {
	let cluster: RabbitCluster;
	let queue: string;
	let events: Broker;
	let topic: BrokerTopic;
	let seen: string[];
	let gate: PromiseWithResolvers<void>;
	beforeAll(async () => {
		cluster = await RabbitCluster.start(file);
	}, slowMs);
	afterAll(() => cluster[Symbol.asyncDispose]());
	beforeEach(async () => {
		queue = new Names("allium").lane(rewards, 0);
		events = await broker(cluster.url, { ttlMs: 4_000 });
		topic = await events.open("matches", { lanes: 1 }, background);
		seen = [];
		gate = Promise.withResolvers();
		gate.resolve();
		await consume();
	});
	afterEach(() => events.close());

	async function consume(): Promise<void> {
		const deliver: Deliver = async ({ event: { id } }, ctx) => {
			await gate.promise;
			if (ctx.error !== undefined) return again;
			seen.push(id);
			return { do: "done" };
		};
		const bounds = { concurrency: 16, bytes: 4 * 1024 * 1024 };
		const spec = { from: "now", handles: { started: 1 }, each: false, park: "event" } as const;
		await events.consume({ ...rewards, ...bounds, ...spec }, deliver, background);
	}

	/** Publishes an event of each key, again while the server does not take them, as an app does. */
	async function publishRound(round: number): Promise<void> {
		const batch = keys.map((key) => matchEvent(`${key}-${round}`, key));
		await vi.waitFor(() => topic.publish(batch, background));
	}

	/** Expects that all rounds were handled, those of each key in order, not counting repetitions; and none parked. */
	async function expectRounds(rounds: number): Promise<void> {
		await vi.waitFor(() => expect(new Set(seen).size).toBe(rounds * keys.length));
		for (const key of keys) {
			const ofKey = [...new Set(seen)].filter((id) => id.startsWith(`${key}-`));
			expect(ofKey).toEqual(Array.from({ length: rounds }, (_, round) => `${key}-${round}`));
		}
		const parked = () => events.parking(rewards).list({ limit: 10 }, background);
		await vi.waitFor(async () => expect(await parked()).toEqual({ items: [] }));
	}

	test("a lane whose queue is led by one server after another, of which the last is killed, loses nothing and keeps its order", {
		timeout: slowMs,
	}, async () => {
		const first = await cluster.leaderOf(queue);
		let round = 0;
		for (const server of [1, 2, 3].map((step) => (first + step) % 3)) {
			await publishRound(round++);
			await cluster.lead(queue, server);
			await publishRound(round++);
			await vi.waitFor(async () => expect(await cluster.leaderOf(queue)).toBe(server));
		}
		await expectRounds(round);
		// The server that is killed is the one to which the process is connected, and the process has events in hand.
		gate = Promise.withResolvers();
		await publishRound(round++);
		await publishRound(round++);
		await cluster.servers[first]?.kill();
		await publishRound(round++);
		gate.resolve();
		await publishRound(round++);
		await expectRounds(round);
	});
});

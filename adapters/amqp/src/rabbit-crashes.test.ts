import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Context, isServiceError } from "@allium/core";
import type { Broker, BrokerTopic, EventRecord } from "@allium/core/event";
import { timesFrom } from "@allium/testing";
import { describeServer } from "@allium/testing/servers";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { matchEvent } from "./fixtures/match-event.ts";
import { RunningRabbit } from "./fixtures/running-rabbit.ts";
import { broker } from "./rabbit-broker.ts";

const background = Context.background();

const rewards = { topic: "matches", group: "rewards" };

/** How often a worker is killed: the proof by hand takes 100. */
const kills = timesFrom("ALLIUM_KILLS", 10);
const keys = Array.from({ length: 20 }, (_, index) => `k${index}`);
const patient = { timeout: 240_000, interval: 50 };

describeServer("rabbitmq", (rabbit) => {
	let server: RunningRabbit;
	let folder: string;
	let file: string;
	let events: Broker;
	let workers: ChildProcess[] = [];
	beforeAll(async () => {
		server = await RunningRabbit.start(rabbit);
		folder = mkdtempSync(join(tmpdir(), "allium-rabbit-"));
	});
	afterAll(async () => {
		await server[Symbol.asyncDispose]();
		rmSync(folder, { recursive: true });
	});
	afterEach(async () => {
		for (const worker of workers) worker.kill("SIGKILL");
		workers = [];
		await events.close();
	});

	/** The ids of handled events, once for each time that an event was handled. */
	const handled = (): string[] => readFileSync(file, "utf8").split("\n").slice(0, -1);

	async function begin(): Promise<{ readonly url: string; readonly topic: BrokerTopic }> {
		file = join(folder, String(Math.random()));
		writeFileSync(file, "");
		const url = server.newUrl();
		events = await broker(url, { ttlMs: 2_000 });
		return { url, topic: await events.open("matches", { lanes: 4 }, background) };
	}

	async function startWorker(url: string, ...more: readonly string[]): Promise<ChildProcess> {
		const worker = fork(join(import.meta.dirname, "fixtures/worker.ts"), [url, file, ...more], {
			execArgv: ["--conditions=@allium/source"],
		});
		workers.push(worker);
		await once(worker, "message");
		return worker;
	}

	/** Publishes an event of each key. */
	async function publishRound(topic: BrokerTopic, round: number): Promise<void> {
		await publishSurely(
			topic,
			keys.map((key) => matchEvent(`${key}-${round}`, key)),
		);
	}

	/** Publishes an event of each key, again and again, until it is told to stop. Returns how many of each there are. */
	function publishing(topic: BrokerTopic): { stop(): Promise<number> } {
		let isOver = false;
		const publish = async (): Promise<number> => {
			let round = 0;
			for (; !isOver; round++) {
				await publishRound(topic, round);
				await new Promise((resolve) => setImmediate(resolve));
			}
			return round;
		};
		const published = publish();
		return {
			stop: () => {
				isOver = true;
				return published;
			},
		};
	}

	/** Expects that nothing acknowledged is lost, and that each key was handled in order, not counting repetitions. */
	async function expectAll(rounds: number): Promise<void> {
		await vi.waitFor(() => expect(new Set(handled()).size).toBe(rounds * keys.length), patient);
		const first = [...new Set(handled())];
		for (const key of keys) {
			const inOrder = Array.from({ length: rounds }, (_, round) => `${key}-${round}`);
			expect(first.filter((id) => id.startsWith(`${key}-`))).toEqual(inOrder);
		}
		const repeats = handled().length - first.length;
		console.info(`rabbitmq: ${first.length} events, ${repeats} of them again`);
	}

	test(`nothing is lost, and keys keep their order, while workers are killed ${kills} times`, {
		timeout: 900_000,
	}, async () => {
		const { url, topic } = await begin();
		await startWorker(url);
		const { stop } = publishing(topic);
		for (let kill = 0; kill < kills; kill++) {
			const next = startWorker(url);
			const before = handled().length;
			await next;
			await vi.waitFor(() => expect(handled().length).toBeGreaterThan(before), patient);
			workers.shift()?.kill("SIGKILL");
		}
		await expectAll(await stop());
	});

	test("a process that is busy until the server gives it up takes its lanes again, and nothing is lost or parked", async () => {
		const { url, topic } = await begin();
		const gate = join(folder, String(Math.random()));
		await startWorker(url, "k0-1", gate);
		await publishRound(topic, 0);
		await vi.waitFor(() => expect(handled()).toHaveLength(keys.length), patient);
		for (const round of [1, 2]) await publishRound(topic, round);
		const lanes = (): ReturnType<RunningRabbit["lanes"]> => server.lanes(url, rewards, topic.lanes);
		await vi.waitFor(async () => expect(await lanes()).toMatchObject({ consumers: 0 }), patient);
		// The server has taken back what the process had in hand.
		expect((await lanes()).ready).toBeGreaterThan(0);
		await publishRound(topic, 3);
		writeFileSync(gate, "");
		await expectAll(4);
		const all = { consumers: topic.lanes, ready: 0 };
		await vi.waitFor(async () => expect(await lanes()).toEqual(all), patient);
		expect(await events.parking(rewards).list({ limit: 10 }, background)).toEqual({ items: [] });
	});

	test("publishing rejects as unavailable while the server is away", { timeout: 240_000 }, async () => {
		const { topic } = await begin();
		await topic.publish([matchEvent("before", "a")], background);
		await server.server.kill();
		await expect(topic.publish([matchEvent("during", "a")], background)).rejects.toMatchObject({
			code: "unavailable",
		});
		await server.server.restart();
		await publishSurely(topic, [matchEvent("after", "a")]);
	});
});

/** Publishes again while the broker is unavailable, as an app does. */
async function publishSurely(topic: BrokerTopic, batch: readonly EventRecord[]): Promise<void> {
	for (;;) {
		try {
			await topic.publish(batch, background);
			return;
		} catch (error) {
			if (!isServiceError(error) || error.code !== "unavailable") throw error;
		}
	}
}

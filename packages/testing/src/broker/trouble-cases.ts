import { ServiceError } from "@allium/core";
import { type BrokerTopic, type EventRecord, verdictOn } from "@allium/core/event";
import { expect } from "vitest";
import { matchEvent, matchEvents } from "../log/match-event.ts";
import { bytesInUse } from "../suite/bytes-in-use.ts";
import { eventually, pause } from "../suite/eventually.ts";
import { timesFrom } from "../times-from.ts";
import type { BrokerCase } from "./broker-case.ts";
import { background, parkedOf, publishEach, rewards } from "./broker-lab.ts";
import { done, park } from "./recorder.ts";
import { Tally } from "./tally.ts";

/** How many events wait: `ALLIUM_WAITING=100000` asks for more. */
const waiting = timesFrom("ALLIUM_WAITING", 1_000);
/** How long a callee is away, in seconds: `ALLIUM_AWAY=300` asks for more. */
const awaySeconds = timesFrom("ALLIUM_AWAY", 2);

/** How many keys have events while the callee is away, and how many events each. */
const away = { keys: 1_000, each: 3 };
/** The time to live of leases that apps have, in milliseconds, which also bounds the pauses of lanes. */
const usualTtlMs = 5_000;
const usualRetries = { attempts: 8, firstDelayMs: 200, longestDelayMs: 300_000 };

/** The data of all events that wait behind a parked one, in bytes, and the part of it that may be in memory. */
const backlogBytes = 32 * 1024 * 1024;
const memoryBytes = 16 * 1024 * 1024;

const together = 100;
const patience = { patienceMs: 150_000 + 20 * waiting, intervalMs: 20 };
const timeoutMs = 180_000 + 3 * patience.patienceMs + 2_000 * awaySeconds;

/** Trouble that lasts, and much that waits. Their sizes are set by the environment. */
export const troubleCases: readonly BrokerCase[] = [
	{
		title: "a callee that is away parks nothing: lanes pause, and all events are handled in order afterwards",
		timeoutMs,
		async run(lab) {
			const topic = await lab.topic();
			const broker = await lab.broker({ ttlMs: usualTtlMs });
			let isAway = true;
			const gone = new ServiceError({ code: "unavailable", message: "the callee is away" });
			const tally = new Tally(({ attempt }) => (isAway ? verdictOn(gone, attempt, usualRetries) : done));
			const awaySince = performance.now();
			const consumer = await lab.consume(broker, tally);
			const keys = Array.from({ length: away.keys }, (_, index) => `k${index}`);
			const events = keys.map((key) => matchEvents(key, away.each));
			for (let round = 0; round < away.each; round++) {
				await publishAll(
					topic,
					events.flatMap((ofKey) => ofKey.slice(round, round + 1)),
				);
			}
			await pause(1_000 * awaySeconds);
			const calls = tally.deliveries;
			const wasAwaySeconds = (performance.now() - awaySince) / 1_000;
			expect(tally.handled).toBe(0);
			if (topic.features.park !== false) expect(await parkedOf(broker)).toEqual([]);
			isAway = false;
			const began = performance.now();
			await eventually(() => expect(tally.handled).toBe(away.keys * away.each), patience);
			lab.figures.set(
				`a callee that is away for ${awaySeconds} s`,
				`${calls} calls meanwhile, all ${tally.handled} events handled ${Math.round(performance.now() - began)} ms after its return`,
			);
			// Each of the keys would be tried at once if the lanes did not pause.
			expect(calls).toBeLessThan(away.keys / 5 + 2 * wasAwaySeconds * topic.lanes);
			expect(tally.early).toEqual([]);
			if (topic.features.park !== false) expect(await parkedOf(broker)).toEqual([]);
			expect((await consumer.report(background)).trouble).toBeUndefined();
		},
	},
	{
		title: "many delayed events hold up no other, and all of them come when they are due",
		timeoutMs,
		async run(lab, skip) {
			const topic = await lab.topic();
			if (!topic.features.delay) return skip("the broker delays nothing");
			const broker = await lab.broker();
			const due = new DueEvents();
			const tally = new Tally(({ event }) => {
				if (event.notBefore !== undefined) due.came(event.id, event.notBefore);
				return done;
			});
			const consumer = await lab.consume(broker, tally);
			const hour = new Date(Date.now() + 3_600_000 + 20 * waiting).toISOString();
			await publishAll(topic, delayed("later", hour));
			const began = performance.now();
			await publishEach(topic, matchEvents("other", 100));
			await eventually(() => expect(tally.of("other")).toBe(100), patience);
			const othersMs = performance.now() - began;
			await eventually(async () => {
				expect((await broker.state?.group(rewards).counts(background))?.delayed ?? waiting).toBe(waiting);
			}, patience);
			const notBefore = new Date(Date.now() + 1_000).toISOString();
			await publishAll(topic, delayed("soon", notBefore));
			const soon = performance.now();
			await eventually(() => expect(due.ids.size).toBe(waiting), patience);
			lab.figures.set(
				`${waiting} delayed events that wait, and ${waiting} that are due`,
				`100 others one after another in ${Math.round(othersMs)} ms; the last due one ${due.lateMs} ms after its time, ${Math.round(performance.now() - soon)} ms after it was published`,
			);
			expect(due.early).toEqual([]);
			expect([...due.ids].filter((id) => !id.startsWith("soon"))).toEqual([]);
			expect((await consumer.report(background)).trouble).toBeUndefined();
		},
	},
	{
		title: "many events behind parked ones stop no lane and take no memory, and go on in order",
		timeoutMs,
		async run(lab, skip) {
			const topic = await lab.topic({ lanes: 2 });
			if (topic.features.park !== "key") return skip("the broker holds no keys");
			const broker = await lab.broker();
			let isHealed = false;
			const isBad = (id: string): boolean => !isHealed && (id === "replayed-0" || id === "discarded-0");
			const tally = new Tally(({ event }) => (isBad(event.id) ? park : done));
			const consumer = await lab.consume(broker, tally);
			const data = "x".repeat(Math.ceil(backlogBytes / waiting / 2));
			const before = bytesInUse();
			await publishBehind(topic, "replayed", data);
			await publishBehind(topic, "discarded", data);
			await publishEach(topic, matchEvents("other", 100));
			await eventually(() => expect(tally.of("other")).toBe(100), patience);
			expect(await parkedOf(broker)).toHaveLength(2);
			expect(tally.handled).toBe(100);
			expect((await consumer.report(background)).trouble).toBeUndefined();
			const heldBytes = bytesInUse() - before;
			isHealed = true;
			const began = performance.now();
			await broker.parking(rewards).replay({ keys: ["replayed"] }, background);
			await eventually(() => expect(tally.of("replayed")).toBeGreaterThan(waiting / 2), patience);
			const halfBytes = bytesInUse() - before;
			await eventually(() => expect(tally.of("replayed")).toBe(waiting + 1), patience);
			const replayMs = performance.now() - began;
			await broker.parking(rewards).discard({ keys: ["discarded"] }, background);
			await eventually(() => expect(tally.of("discarded")).toBe(waiting + 1), patience);
			lab.figures.set(
				`${waiting} events behind each of two parked ones`,
				`${mebibytes(heldBytes)} more memory while they wait, ${mebibytes(halfBytes)} after half of a replay, which took ${Math.round(replayMs)} ms; the other key ${Math.round(performance.now() - began - replayMs)} ms after discard`,
			);
			expect(tally.early).toEqual(["discarded-1"]);
			// A backend in this process has all events in memory.
			if (lab.setup.program !== undefined) expect(Math.max(heldBytes, halfBytes)).toBeLessThan(memoryBytes);
		},
	},
];

/** The delayed events that came, and when. */
class DueEvents {
	readonly ids = new Set<string>();
	readonly early: string[] = [];
	/** How long after its time the last one came, in milliseconds. */
	lateMs = 0;

	came(id: string, notBefore: string): void {
		this.lateMs = Date.now() - Date.parse(notBefore);
		if (this.lateMs < 0) this.early.push(id);
		this.ids.add(id);
	}
}

function delayed(name: string, notBefore: string): EventRecord[] {
	return Array.from({ length: waiting }, (_, index) => matchEvent(`${name}-${index}`, { notBefore }));
}

async function publishAll(topic: BrokerTopic, events: readonly EventRecord[]): Promise<void> {
	for (let from = 0; from < events.length; from += together) {
		await topic.publish(events.slice(from, from + together), background);
	}
}

/** Publishes an event of a key, and many that wait behind it. They are made bit by bit, because they take memory. */
async function publishBehind(topic: BrokerTopic, key: string, data: string): Promise<void> {
	for (let from = 0; from <= waiting; from += together) {
		const length = Math.min(together, waiting + 1 - from);
		const ids = Array.from({ length }, (_, index) => ({ id: `${key}-${from + index}` }));
		const events = matchEvents(key, length, { data }).map((event, index) => ({ ...event, ...ids[index] }));
		await topic.publish(events, background);
	}
}

function mebibytes(bytes: number): string {
	return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

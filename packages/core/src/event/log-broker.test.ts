import { afterEach, describe, expect, test, vi } from "vitest";
import { Context } from "../context/context.ts";
import type { Broker, Deliver, GroupSpec, Verdict } from "./broker.ts";
import type { EventRecord } from "./event-record.ts";
import { type LogBrokerOptions, logBroker } from "./log-broker.ts";
import { MemoryGroups, memoryGroupState } from "./memory-group-state.ts";
import { MemoryTopics, memoryLog } from "./memory-log.ts";

const ctx = Context.background();
const done: Verdict = { do: "done" };
const retry: Verdict = {
	do: "retry",
	afterMs: 20,
	blameless: false,
	error: { code: "internal", message: "broken" },
};
const park: Verdict = { do: "park", error: { code: "invalid_argument", message: "broken" } };

/** What the processes of one test share. */
class Backend {
	readonly topics = new MemoryTopics();
	readonly groups = new MemoryGroups();
	readonly brokers: Broker[] = [];

	broker(options: LogBrokerOptions = {}): Broker {
		const log = memoryLog({ topics: this.topics });
		const broker = logBroker(log, memoryGroupState({ groups: this.groups }), { ttlMs: 1_000, ...options });
		this.brokers.push(broker);
		return broker;
	}
}

let backend = new Backend();
afterEach(async () => {
	await Promise.all(backend.brokers.map((broker) => broker.close()));
	backend = new Backend();
});

const group: GroupSpec = {
	topic: "matches",
	group: "rewards",
	from: "start",
	handles: { started: 1 },
	concurrency: 16,
	bytes: 4 * 1024 * 1024,
	each: false,
	park: "key",
};

function event(id: number, key?: string, more: Partial<EventRecord> = {}): EventRecord {
	return {
		id: String(id),
		type: "matches.started",
		version: 1,
		source: "test",
		time: new Date().toISOString(),
		data: id,
		correlationId: String(id),
		...(key !== undefined && { key }),
		...more,
	};
}

async function publish(broker: Broker, events: readonly EventRecord[]): Promise<void> {
	const topic = await broker.open("matches", { lanes: 4 }, ctx);
	await topic.publish(events, ctx);
}

describe("a group", () => {
	test("handles all events, those of one key in order", async () => {
		const broker = backend.broker();
		await publish(
			broker,
			Array.from({ length: 1_000 }, (_, i) => event(i, `key ${i % 10}`)),
		);
		const seen = new Map<string, number[]>();
		const deliver: Deliver = async ({ event: { key = "", data } }) => {
			seen.set(key, [...(seen.get(key) ?? []), Number(data)]);
			return done;
		};
		const consumer = await broker.consume(group, deliver, ctx);
		await vi.waitFor(async () => expect((await consumer.report(ctx)).lag).toBe(0));
		for (const [key, numbers] of seen) {
			expect(numbers).toEqual(Array.from({ length: 100 }, (_, i) => i * 10 + Number(key.slice(4))));
		}
	});

	test("holds a key whose event fails, and goes on in order", async () => {
		const broker = backend.broker();
		await publish(
			broker,
			Array.from({ length: 300 }, (_, i) => event(i, `key ${i % 3}`)),
		);
		const seen: number[] = [];
		let failures = 0;
		const deliver: Deliver = async ({ event: { data }, attempt }) => {
			if (Number(data) % 30 === 0 && attempt < 3) {
				failures++;
				return retry;
			}
			seen.push(Number(data));
			return done;
		};
		const consumer = await broker.consume(group, deliver, ctx);
		await vi.waitFor(() => expect(seen.length).toBe(300));
		for (const rest of [0, 1, 2]) {
			const ofKey = seen.filter((each) => each % 3 === rest);
			expect(ofKey).toEqual(Array.from({ length: 100 }, (_, i) => i * 3 + rest));
		}
		expect(failures).toBe(20);
		expect(await consumer.report(ctx)).toMatchObject({ lanes: 4, parked: 0 });
	});

	test("parks, and replays in order", async () => {
		const broker = backend.broker();
		await publish(
			broker,
			Array.from({ length: 10 }, (_, i) => event(i, "key")),
		);
		const seen: string[] = [];
		let isMended = false;
		const deliver: Deliver = async ({ event: { data }, isReplay }) => {
			if (data === 4 && !isMended) return park;
			seen.push(`${data}${isReplay ? " again" : ""}`);
			return done;
		};
		const consumer = await broker.consume(group, deliver, ctx);
		const parking = broker.parking(group);
		await vi.waitFor(async () => expect((await consumer.report(ctx)).parked).toBe(1));
		expect(seen).toEqual(["0", "1", "2", "3"]);
		expect((await parking.list({ limit: 10 }, ctx)).items).toMatchObject([
			{ key: "key", event: { id: "4" } },
		]);
		isMended = true;
		expect(await parking.replay("all", ctx)).toBe(1);
		await vi.waitFor(() => expect(seen.length).toBe(10));
		expect(seen).toEqual(["0", "1", "2", "3", "4 again", "5", "6", "7", "8", "9"]);
	});

	test("handles delayed events when they are due", async () => {
		const broker = backend.broker();
		const due = Date.now() + 200;
		await publish(broker, [event(1, "key", { notBefore: new Date(due).toISOString() }), event(2, "key")]);
		const seen: unknown[] = [];
		await broker.consume(
			group,
			async ({ event: { data } }) => {
				seen.push([data, Date.now() >= due]);
				return done;
			},
			ctx,
		);
		await vi.waitFor(
			() =>
				expect(seen).toEqual([
					[2, false],
					[1, true],
				]),
			{ timeout: 20_000 },
		);
	});

	test("shares its lanes, and a leaver's go at once", async () => {
		const [one, other] = [backend.broker(), backend.broker()];
		await publish(one, []);
		const first = await one.consume(group, async () => done, ctx);
		await vi.waitFor(async () => expect((await first.report(ctx)).lanes).toBe(4));
		const second = await other.consume(group, async () => done, ctx);
		await vi.waitFor(async () => expect((await second.report(ctx)).lanes).toBe(2));
		await first.drain(ctx);
		await vi.waitFor(async () => expect((await second.report(ctx)).lanes).toBe(4));
	});
});

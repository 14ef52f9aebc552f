import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { Context } from "../context/context.ts";
import type { Logger } from "../logger/logger.ts";
import type { Broker, Deliver, GroupSpec, Verdict } from "./broker.ts";
import { type Faults, FaultyState } from "./engine/fixtures/faulty-state.ts";
import type { EventRecord } from "./event-record.ts";
import { type LogBrokerOptions, logBroker } from "./log-broker.ts";
import { MemoryGroup } from "./memory-group.ts";
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

/** The backend that the processes of one test share. */
class Backend {
	topics = new MemoryTopics();
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

/** A handler that notes the data of what it handles. */
function recording(): { readonly seen: unknown[]; readonly deliver: Deliver } {
	const seen: unknown[] = [];
	const deliver: Deliver = async ({ event: { data } }) => {
		seen.push(data);
		return done;
	};
	return { seen, deliver };
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

	test("is behind since the event that is tried again was published, not since it failed", async () => {
		const broker = backend.broker();
		const time = new Date(Date.now() - 3_600_000).toISOString();
		await publish(broker, [event(1, "key", { time })]);
		const consumer = await broker.consume(group, async () => ({ ...retry, afterMs: 60_000 }), ctx);
		await vi.waitFor(async () => expect(await consumer.report(ctx)).toMatchObject({ lag: 1, retrying: 1 }));
		expect((await consumer.report(ctx)).lagSeconds).toBeGreaterThanOrEqual(3_600);
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
		const hour = new Date(Date.now() + 3_600_000).toISOString();
		await publish(broker, [event(1, "key", { notBefore: hour }), event(2, "key")]);
		let due = Number.POSITIVE_INFINITY;
		const seen: unknown[] = [];
		await broker.consume(
			group,
			async ({ event: { data } }) => {
				seen.push([data, Date.now() >= due]);
				return done;
			},
			ctx,
		);
		await vi.waitFor(() => expect(seen).toEqual([[2, false]]));
		due = Date.now() + 200;
		await publish(broker, [event(3, "key", { notBefore: new Date(due).toISOString() })]);
		await vi.waitFor(() => expect(seen).toHaveLength(2));
		expect(seen[1]).toEqual([3, true]);
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

describe("events that this process does not handle", () => {
	test("are counted and passed over where nobody does", async () => {
		const broker = backend.broker();
		await publish(broker, [event(1, "key", { type: "matches.ended" }), event(2, "key")]);
		const { seen, deliver } = recording();
		const consumer = await broker.consume(group, deliver, ctx);
		await vi.waitFor(() => expect(seen).toEqual([2]));
		expect(await consumer.report(ctx)).toMatchObject({ passedOver: 1 });
	});

	test.each([
		["of a type that only a newer member handles", { type: "matches.ended" }],
		["of a version that only a newer member handles", { version: 2 }],
	])("are left to that member: %s", async (_, more) => {
		const [old, young] = [backend.broker(), backend.broker()];
		await publish(old, []);
		const [byOld, byYoung] = [recording(), recording()];
		const consumer = await old.consume(group, byOld.deliver, ctx);
		await vi.waitFor(async () => expect((await consumer.report(ctx)).lanes).toBe(4));
		await young.consume({ ...group, handles: { started: 2, ended: 1 } }, byYoung.deliver, ctx);
		const events = Array.from({ length: 40 }, (_, i) => event(i, `key ${i}`, i % 4 === 0 ? more : {}));
		await publish(old, events);
		await vi.waitFor(() => expect(byOld.seen.length + byYoung.seen.length).toBe(40));
		expect(byOld.seen.filter((each) => Number(each) % 4 === 0)).toEqual([]);
		expect(await consumer.report(ctx)).toMatchObject({ passedOver: 0, parked: 0 });
	});
});

describe("what cannot be read as an event", () => {
	test("is parked without a call", async () => {
		const broker = backend.broker();
		await publish(broker, []);
		backend.topics.putText("matches", 0, "no event");
		const { seen, deliver } = recording();
		const consumer = await broker.consume(group, deliver, ctx);
		await vi.waitFor(async () => expect((await consumer.report(ctx)).parked).toBe(1));
		const { items } = await broker.parking(group).list({ limit: 10 }, ctx);
		expect(items).toMatchObject([{ lane: 0, error: { reason: "unreadable_event" } }]);
		expect(seen).toEqual([]);
	});
});

describe("a group that idles", () => {
	afterEach(() => {
		vi.useRealTimers();
		vi.restoreAllMocks();
	});

	/** How often its members look at the group in 20 times to live, once all lanes are dealt. */
	async function looks(members: number): Promise<number> {
		vi.useFakeTimers();
		const reports = vi.spyOn(MemoryGroup.prototype, "report");
		for (let count = 0; count < members; count++)
			await backend.broker().consume(group, async () => done, ctx);
		await vi.advanceTimersByTimeAsync(10_000);
		reports.mockClear();
		await vi.advanceTimersByTimeAsync(20_000);
		return reports.mock.calls.length;
	}

	test("is looked at once in a time to live by a member that is alone, as an app may have many groups", async () => {
		expect(await looks(1)).toBeLessThanOrEqual(21);
	});

	test("is looked at more often by members that may have to take over from each other", async () => {
		expect(await looks(2)).toBeGreaterThanOrEqual(2 * 20 * 3);
	});
});

describe("an event that ends the process that handles it", () => {
	test("is parked, and the others are handled", async () => {
		const first = backend.broker();
		await publish(
			first,
			Array.from({ length: 20 }, (_, i) => event(i, `key ${i}`)),
		);
		const seen = new Set<unknown>();
		const isParked = async () => (await memoryGroupState(backend).group(group).counts(ctx)).parked > 0;
		for (let processes = 0; processes < 8 && !(await isParked()); processes++) {
			const dead = Promise.withResolvers<void>();
			const faults: Faults = { failing: 0, slowMs: 0, isCut: false };
			const state = new FaultyState(memoryGroupState(backend), faults);
			const broker = logBroker(memoryLog(backend), state, { ttlMs: 200, saveMs: 1 });
			const deliver: Deliver = async ({ event: { data } }) => {
				if (data === 7) {
					faults.isCut = true;
					dead.resolve();
				}
				if (faults.isCut) return new Promise(() => {});
				seen.add(data);
				return done;
			};
			const consumer = await broker.consume({ ...group, concurrency: 4 }, deliver, ctx);
			const settled = vi.waitFor(async () => expect(await isParked()).toBe(true));
			await Promise.race([dead.promise, settled]);
			if (!faults.isCut) await vi.waitFor(() => expect(seen.size).toBe(19));
			void consumer.close();
		}
		expect(await isParked()).toBe(true);
		expect(seen.size).toBe(19);
		const { items } = await first.parking(group).list({ limit: 10 }, ctx);
		expect(items).toMatchObject([{ key: "key 7", error: { reason: "process_ended" } }]);
	});
});

describe("a group stops, and says what to do", () => {
	test("when the log has another event than the last that was handled", async () => {
		const broker = backend.broker();
		await publish(broker, [event(1, "key")]);
		const before = await broker.consume(group, async () => done, ctx);
		await vi.waitFor(async () => expect((await before.report(ctx)).lag).toBe(0));
		await before.drain(ctx);
		backend.topics = new MemoryTopics();
		const restored = backend.broker();
		await publish(restored, [event(2, "key"), event(3, "key")]);
		const { seen, deliver } = recording();
		const consumer = await restored.consume(group, deliver, ctx);
		await vi.waitFor(async () => expect((await consumer.report(ctx)).trouble).toContain("diverged"));
		expect(seen).toEqual([]);
		const log = await memoryLog(backend).open("matches", {}, ctx);
		await vi.waitFor(async () =>
			memoryGroupState(backend)
				.group(group)
				.rewind(await log.at("start", ctx), ctx),
		);
		await vi.waitFor(() => expect(seen).toEqual([2, 3]));
		expect((await consumer.report(ctx)).trouble).toBeUndefined();
	});

	test("when the topic keeps no longer what it has not handled", async () => {
		const broker = backend.broker();
		const topic = await broker.open("matches", { lanes: 1, retainBytes: 1_000 }, ctx);
		await topic.publish([event(0, "key")], ctx);
		await (await broker.consume(group, async () => done, ctx)).close();
		await topic.publish(
			Array.from({ length: 20 }, (_, i) => event(i + 1, "key")),
			ctx,
		);
		const { seen, deliver } = recording();
		const consumer = await broker.consume(group, deliver, ctx);
		await vi.waitFor(async () => expect((await consumer.report(ctx)).trouble).toContain("lost"));
		expect(seen).toEqual([]);
	});

	test("when too much is deferred in a lane, until that is handled or discarded", async () => {
		const broker = backend.broker({ deferredBound: 3 });
		await (await broker.open("matches", { lanes: 1 }, ctx)).publish(
			Array.from({ length: 20 }, (_, i) => event(i, `key ${i}`)),
			ctx,
		);
		let isMended = false;
		const seen: unknown[] = [];
		const deliver: Deliver = async ({ event: { data } }) => {
			if (!isMended) return park;
			seen.push(data);
			return done;
		};
		const consumer = await broker.consume({ ...group, concurrency: 1 }, deliver, ctx);
		await vi.waitFor(async () => expect((await consumer.report(ctx)).trouble).toContain("replay or discard"));
		await vi.waitFor(async () => expect(await consumer.report(ctx)).toMatchObject({ parked: 3 }));
		isMended = true;
		await broker.parking(group).discard("all", ctx);
		await vi.waitFor(() => expect(seen.length).toBe(17));
		await vi.waitFor(async () => expect((await consumer.report(ctx)).trouble).toBeUndefined());
	});
});

describe("while what the handlers call is away", () => {
	test("nothing is parked, the lanes pause, and go on afterwards", async () => {
		const broker = backend.broker();
		await publish(
			broker,
			Array.from({ length: 200 }, (_, i) => event(i, `key ${i % 50}`)),
		);
		let isAway = true;
		let attempts = 0;
		let most = 0;
		const { seen, deliver } = recording();
		const consumer = await broker.consume(
			group,
			async (delivered, ctx) => {
				attempts++;
				most = Math.max(most, delivered.attempt);
				return isAway ? { ...retry, blameless: true } : deliver(delivered, ctx);
			},
			ctx,
		);
		await vi.waitFor(async () => expect((await consumer.report(ctx)).trouble).toContain("paused"));
		await vi.waitFor(() => expect(attempts).toBeGreaterThan(20));
		expect(attempts).toBeLessThan(150);
		isAway = false;
		await vi.waitFor(() => expect(seen.length).toBe(200));
		expect(most).toBe(1);
		for (let key = 0; key < 50; key++) {
			expect(seen.filter((each) => Number(each) % 50 === key)).toEqual([key, key + 50, key + 100, key + 150]);
		}
	});
});

describe("a consumer", () => {
	test("is refused where this process has one of the group already", async () => {
		const broker = backend.broker();
		await broker.consume(group, async () => done, ctx);
		await expect(broker.consume(group, async () => done, ctx)).rejects.toMatchObject({
			code: "failed_precondition",
		});
	});

	test("that is drained finishes what runs, and begins nothing else", async () => {
		const broker = backend.broker();
		await publish(
			broker,
			Array.from({ length: 10 }, (_, i) => event(i, "key")),
		);
		const running = Promise.withResolvers<Verdict>();
		const begun: unknown[] = [];
		const consumer = await broker.consume(
			group,
			async ({ event: { data } }) => {
				begun.push(data);
				return running.promise;
			},
			ctx,
		);
		await vi.waitFor(() => expect(begun).toEqual([0]));
		const drained = consumer.drain(ctx);
		running.resolve(done);
		await drained;
		expect(begun).toEqual([0]);
		const { seen, deliver } = recording();
		await broker.consume(group, deliver, ctx);
		await vi.waitFor(() => expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]));
	});

	test("that is closed ends the contexts of its handlers, and hears nothing of them afterwards", async () => {
		const broker = backend.broker();
		await publish(broker, [event(1, "key")]);
		const begun = Promise.withResolvers<Context>();
		const verdict = Promise.withResolvers<Verdict>();
		const consumer = await broker.consume(
			group,
			async (_, ctx) => {
				begun.resolve(ctx);
				return verdict.promise;
			},
			ctx,
		);
		const handling = await begun.promise;
		await consumer.close();
		expect(handling.error).toBeDefined();
		verdict.resolve(done);
		const { seen, deliver } = recording();
		await broker.consume(group, deliver, ctx);
		await vi.waitFor(() => expect(seen).toEqual([1]));
	});

	test("with each: true gets all events from now on, in every process", async () => {
		const [one, other] = [backend.broker(), backend.broker()];
		await publish(one, [event(1, "key")]);
		const [byOne, byOther] = [recording(), recording()];
		await one.consume({ ...group, each: true }, byOne.deliver, ctx);
		await other.consume({ ...group, each: true }, byOther.deliver, ctx);
		await publish(one, [event(2, "key")]);
		await vi.waitFor(() => expect([byOne.seen, byOther.seen]).toEqual([[2], [2]]));
	});

	test("is refused after the broker was closed", async () => {
		const broker = backend.broker();
		await broker.close();
		await expect(broker.consume(group, async () => done, ctx)).rejects.toMatchObject({
			code: "failed_precondition",
		});
	});
});

describe("while the state of groups is away", () => {
	test("handling stops with the own lease, the report says why, and it goes on afterwards", async () => {
		const faults: Faults = { failing: 0, slowMs: 0, isCut: false };
		const state = new FaultyState(memoryGroupState(backend), faults);
		const broker = logBroker(memoryLog(backend), state, { ttlMs: 200 });
		backend.brokers.push(broker);
		await publish(broker, []);
		const { seen, deliver } = recording();
		const consumer = await broker.consume(group, deliver, ctx);
		await vi.waitFor(async () => expect((await consumer.report(ctx)).lanes).toBe(4));
		faults.isCut = true;
		await vi.waitFor(async () => expect((await consumer.report(ctx)).lanes).toBe(0));
		await publish(broker, [event(1, "key")]);
		expect((await consumer.report(ctx)).trouble).toContain("does not answer");
		faults.isCut = false;
		await vi.waitFor(() => expect(seen).toEqual([1]));
		await vi.waitFor(async () => expect((await consumer.report(ctx)).trouble).toBeUndefined());
	});

	test("the log says that it is over when it is over, and not before", async () => {
		vi.useFakeTimers();
		onTestFinished(() => void vi.useRealTimers());
		const faults: Faults = { failing: 0, slowMs: 0, isCut: false };
		const state = new FaultyState(memoryGroupState(backend), faults);
		const logged: string[] = [];
		const logger: Logger = { log: (_, message) => void logged.push(message) };
		const broker = logBroker(memoryLog(backend), state, { ttlMs: 200, logger });
		backend.brokers.push(broker);
		await broker.consume(group, recording().deliver, ctx);
		await vi.advanceTimersByTimeAsync(1_000);
		faults.isCut = true;
		await vi.advanceTimersByTimeAsync(10_000);
		expect(logged).toContainEqual(expect.stringMatching(/^the state of the group does not answer/));
		expect(logged).not.toContainEqual(expect.stringMatching(/^over: /));
		faults.isCut = false;
		await vi.advanceTimersByTimeAsync(10_000);
		expect(logged).toContainEqual(expect.stringMatching(/^over: the state of the group does not answer/));
	});
});

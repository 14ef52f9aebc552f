import { afterEach, describe, expect, test, vi } from "vitest";
import { Context } from "../context/context.ts";
import { sleep } from "../context/sleep.ts";
import type { Logger } from "../logger/logger.ts";
import type { Broker, Deliver, GroupSpec, Verdict } from "./broker.ts";
import { type Faults, FaultyState } from "./engine/fixtures/faulty-state.ts";
import type { EventRecord } from "./event-record.ts";
import { logBroker } from "./log-broker.ts";
import { MemoryGroups, memoryGroupState } from "./memory-group-state.ts";
import { MemoryTopics, memoryLog } from "./memory-log.ts";

const ctx = Context.background();
const done: Verdict = { do: "done" };
const keys = 20;
const each = 40;

const spec: GroupSpec = {
	topic: "matches",
	group: "rewards",
	from: "start",
	handles: { started: 1 },
	concurrency: 8,
	bytes: 1024 * 1024,
	each: false,
	park: "key",
};

/** Processes that come and go while they work on one group, and what they handled. */
class World {
	readonly topics = new MemoryTopics();
	readonly groups = new MemoryGroups();
	readonly processes = new Set<{ readonly broker: Broker; readonly faults: Faults }>();
	/** By key, the numbers in the order of their first success. */
	readonly handled = new Map<string, number[]>();
	repeats = 0;
	#total = 0;

	get total(): number {
		return this.#total;
	}

	readonly #deliver: Deliver = async ({ event: { key = "", data } }) => {
		await sleep(Math.random() < 0.5 ? 0 : 8 * Math.random(), ctx);
		const luck = Math.random();
		if (luck < 0.05) return retry(false);
		if (luck < 0.08) return retry(true);
		const numbers = this.handled.get(key) ?? [];
		this.handled.set(key, numbers);
		if (numbers.includes(Number(data))) this.repeats++;
		else {
			numbers.push(Number(data));
			this.#total++;
		}
		return done;
	};

	/** The lines that the processes logged: a level and a message each. */
	readonly logged: string[] = [];
	readonly #logger: Logger = { log: (level, message) => void this.logged.push(`${level} ${message}`) };

	async start(faults: Partial<Faults> = {}, deliver: Deliver = this.#deliver) {
		const given = { failing: 0, slowMs: 0, isCut: false, ...faults };
		const state = new FaultyState(memoryGroupState({ groups: this.groups }), given);
		const broker = logBroker(memoryLog({ topics: this.topics }), state, {
			ttlMs: 400,
			saveMs: 5,
			logger: this.#logger,
		});
		const process = { broker, faults: given };
		this.processes.add(process);
		// A dead process may be found out while it starts.
		const consumer = await broker.consume(spec, (...args) => this.#handle(given, deliver, args), ctx);
		return { ...process, consumer };
	}

	/** A dead process handles nothing. */
	#handle(faults: Faults, deliver: Deliver, args: Parameters<Deliver>): Promise<Verdict> {
		return faults.isCut ? new Promise(() => {}) : deliver(...args);
	}

	async publish(): Promise<void> {
		const topic = await memoryLog({ topics: this.topics }).open("matches", { lanes: 8 }, ctx);
		for (let number = 0; number < each; number++) {
			await topic.append(
				Array.from({ length: keys }, (_, key) => event(`key ${key}`, number)),
				ctx,
			);
			await sleep(2, ctx);
		}
	}
}

function event(key: string, number: number): EventRecord {
	return {
		id: `${key} ${number}`,
		type: "matches.started",
		version: 1,
		source: "test",
		key,
		time: new Date().toISOString(),
		data: number,
		correlationId: "all",
	};
}

function retry(blameless: boolean): Verdict {
	return {
		do: "retry",
		afterMs: 10 * Math.random(),
		blameless,
		error: { code: "internal", message: "broken" },
	};
}

let world = new World();
afterEach(async () => {
	for (const { faults } of world.processes) Object.assign(faults, { failing: 0, slowMs: 0, isCut: false });
	await Promise.all([...world.processes].map(({ broker }) => broker.close()));
	vi.useRealTimers();
	world = new World();
});

async function expectAllInOrder(): Promise<void> {
	await vi.waitFor(() => expect(world.total).toBe(keys * each));
	const inOrder = Array.from({ length: each }, (_, number) => number);
	for (const numbers of world.handled.values()) expect(numbers).toEqual(inOrder);
}

describe("nothing is lost, and each key is handled in order", () => {
	test("while members join and leave all the time", async () => {
		await world.publish();
		const stable = await world.start();
		const publishing = world.publish();
		for (let round = 0; round < 15; round++) {
			const { consumer } = await world.start();
			await sleep(60 * Math.random(), ctx);
			await (round % 3 === 0 ? consumer.close() : consumer.drain(ctx));
		}
		await publishing;
		await expectAllInOrder();
		await vi.waitFor(async () =>
			expect(await stable.consumer.report(ctx)).toMatchObject({ lag: 0, parked: 0 }),
		);
	});

	test("while the state of groups fails and forgets to answer", async () => {
		await world.publish();
		await Promise.all([0, 1, 2].map(() => world.start({ failing: 0.2, slowMs: 5 })));
		await expectAllInOrder();
	});

	test("while processes die one after another", async () => {
		const publishing = world.publish();
		for (let round = 0; round < 6; round++) {
			const { faults } = await world.start({ slowMs: 2 });
			await sleep(200 * Math.random(), ctx);
			faults.isCut = true;
		}
		await world.start();
		await publishing;
		await expectAllInOrder();
	});

	test("while a process is cut off for longer than its lanes are its own", async () => {
		const publishing = world.publish();
		const [one] = await Promise.all([world.start(), world.start()]);
		for (let round = 0; round < 3; round++) {
			one.faults.isCut = true;
			await sleep(600, ctx);
			one.faults.isCut = false;
			await sleep(200, ctx);
		}
		await publishing;
		await expectAllInOrder();
		await vi.waitFor(async () => expect((await one.consumer.report(ctx)).lanes).toBeGreaterThan(0));
	});
});

test("no event is blamed for a state of groups that is away for all, again and again, while it is in hand", async () => {
	vi.useFakeTimers();
	const topic = await memoryLog({ topics: world.topics }).open("matches", { lanes: 4 }, ctx);
	await topic.append(
		Array.from({ length: keys }, (_, key) => event(`key ${key}`, 0)),
		ctx,
	);
	let inHand = 0;
	const untilLost: Deliver = async (_, ctx) => {
		inHand++;
		await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve));
		inHand--;
		return retry(true);
	};
	const processes = await Promise.all([world.start({}, untilLost), world.start({}, untilLost)]);
	for (let round = 0; round < 5; round++) {
		await vi.waitFor(() => expect(inHand).toBeGreaterThan(0), { timeout: 5_000 });
		for (const { faults } of processes) faults.isCut = true;
		await vi.waitFor(() => expect(inHand).toBe(0), { timeout: 5_000 });
		for (const { faults } of processes) faults.isCut = false;
	}
	await vi.waitFor(() => expect(inHand).toBeGreaterThan(0), { timeout: 5_000 });
	for (let lane = 0; lane < 4; lane++) {
		const store = memoryGroupState({ groups: world.groups }).group(spec);
		const { holder, epoch = 0 } = (await store.report(ctx))?.lanes[lane] ?? {};
		expect((await store.claim(lane, holder ?? "nobody", epoch, ctx))?.state.crashes).toBe(0);
	}
});

test("a state of groups that goes away is told in a few lines, whatever the number of lanes", async () => {
	let isFirst = true;
	const process = await world.start({}, async () => {
		if (isFirst) process.faults.failing = 1;
		isFirst = false;
		return done;
	});
	await world.publish();
	await vi.waitFor(() => expect(world.logged).toContainEqual(expect.stringContaining("lanes are given up")));
	// There may be none: the lanes may be given up before the first of them is saved.
	const unsaved = world.logged.filter((line) => line.includes("cannot be saved"));
	expect(unsaved.length).toBeLessThanOrEqual(1);
	process.faults.failing = 0;
	await vi.waitFor(() => expect(world.logged).toContain("info the state of groups answers again"));
	await vi.waitFor(async () => expect(await process.consumer.report(ctx)).toMatchObject({ lag: 0 }));
});

import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Context } from "../../context/context.ts";
import { sleep } from "../../context/sleep.ts";
import { silentLogger } from "../../logger/logger.ts";
import type { Verdict } from "../broker.ts";
import { cursorAt } from "../cursor.ts";
import type { LaneChange, LaneState } from "../group-state.ts";
import type { Cursor, Cursors, TopicLog } from "../log.ts";
import { MemoryGroups, memoryGroupState } from "../memory-group-state.ts";
import { memoryLog } from "../memory-log.ts";
import { inLane } from "./fixtures/in-lane.ts";
import { Lane } from "./lane.ts";
import { Recovery } from "./recovery.ts";
import { Troubles } from "./troubles.ts";

const ctx = Context.background();
const done: Verdict = { do: "done" };
const error = { code: "internal", message: "broken" };
const retry: Verdict = { do: "retry", afterMs: 1, blameless: false, error };

/** One lane of a topic, which is read and handled by hand. */
class World {
	readonly topic: TopicLog;
	readonly lane: Lane;
	readonly recovery: Recovery;
	readonly handled: unknown[] = [];
	readonly running = new Map<unknown, (verdict: Verdict) => void>();
	readonly #stop = ctx.withCancel();
	#readAtOnce = 3;

	private constructor(topic: TopicLog, state: LaneState) {
		this.topic = topic;
		const store = memoryGroupState({ groups: new MemoryGroups() }).group({ topic: "matches", group: "g" });
		const options = {
			park: "key",
			deferredBound: 1_000,
			longestPauseMs: 5,
			crashed: true,
			changed: () => {},
		} as const;
		this.lane = new Lane({ lane: 0, member: "m", epoch: 1, state }, { ...options, ctx });
		this.recovery = new Recovery({
			topic,
			store,
			concurrency: 4,
			bytes: 100_000,
			patienceMs: 10_000,
			ctx: this.#stop.ctx,
			troubles: new Troubles(silentLogger, {}),
			logger: silentLogger,
			lanes: () => [this.lane],
			save: async () => {},
			handled: async (_, events) => events,
			ready: () => this.pump(),
		});
	}

	static async with(
		keys: readonly string[],
		state: Partial<LaneState> = {},
		through: (topic: TopicLog) => TopicLog = (topic) => topic,
	): Promise<World> {
		const topic = await memoryLog().open("matches", { lanes: 1 }, ctx);
		const events = keys.map((key, position) => inLane(position, key).event);
		await topic.append(events, ctx);
		return new World(through(topic), { cursor: "", ahead: [], deferred: [], crashes: 0, ...state });
	}

	/** Begins all that may be handled. */
	pump(): void {
		for (let event = this.lane.next(); event !== undefined; event = this.lane.next()) {
			const begun = event;
			this.running.set(begun.event.data, (verdict) => {
				this.running.delete(begun.event.data);
				if (verdict === done) this.handled.push(begun.event.data);
				this.lane.end(begun, verdict);
				this.recovery.wake();
				this.pump();
			});
		}
	}

	/** Reads a few events in their turn. */
	async read(count: number = this.#readAtOnce): Promise<void> {
		const after = new Map([[0, this.lane.window.read]]);
		const page = await this.topic.read(after, { events: count, bytes: 1_000_000 }, ctx);
		for (const placed of page.events) this.lane.take(placed);
		this.lane.readTo(page.next.get(0) ?? "");
		this.pump();
	}

	/** Ends all running events with success, until none is left. */
	async finish(): Promise<void> {
		await vi.waitFor(async () => {
			await this.read(100);
			for (const end of [...this.running.values()]) end(done);
			this.recovery.wake();
			expect([this.lane.inHand, this.lane.deferrals.size]).toEqual([0, 0]);
		});
	}

	stop(): void {
		this.#stop.cancel();
		this.recovery.close();
	}
}

/** A log that does some things in another way. */
function changed(log: TopicLog, changes: Partial<TopicLog>): TopicLog {
	return new Proxy(log, {
		get: (_, name) => Reflect.get(changes, name) ?? Reflect.get(log, name).bind(log),
	});
}

let world: World | undefined;
beforeEach(() => {
	world = undefined;
});
afterEach(() => world?.stop());

describe("whatever fails, and whenever", () => {
	test("each key is handled in order and once, and nothing is left", async () => {
		const step = fc.record({ reads: fc.boolean(), which: fc.nat(20), fails: fc.boolean() });
		const property = fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), async (steps) => {
			const keys = Array.from({ length: 40 }, (_, index) => ["a", "b", "c"][(index * 5) % 3] ?? "");
			world = await World.with(keys);
			for (const { reads, which, fails } of steps) {
				if (reads) await world.read();
				const ends = [...world.running.values()];
				ends[which % Math.max(1, ends.length)]?.(fails ? retry : done);
				if (which % 4 === 0) await sleep(1, ctx);
			}
			await world.finish();
			for (const key of ["a", "b", "c"]) {
				const ofKey = keys.flatMap((each, position) => (each === key ? [position] : []));
				expect(world.handled.filter((data) => keys[Number(data)] === key)).toEqual(ofKey);
			}
			expect(world.lane.window.ahead()).toEqual([]);
			world.stop();
		});
		await fc.assert(property, { numRuns: 25 });
	});
});

describe("a key that was held when the lane was claimed", () => {
	test("is handled from its first unhandled event on, with what was settled ahead meanwhile", async () => {
		const keys = ["a", "b", "a", "a", "b", "a"];
		const { events } = await (await World.with(keys)).topic.read(
			new Map([[0, ""]]),
			{ events: 10, bytes: 1_000_000 },
			ctx,
		);
		const cursor = (position: number): string => events[position]?.cursor ?? "";
		// The first event of a failed. The second of b is running, and the later events of a were passed over.
		const change: LaneChange = {
			cursor: cursor(3),
			ahead: [cursor(5)],
			defer: [{ id: "k:a", key: "a", cursor: cursor(0), attempt: 1, due: 1, since: 1 }],
		};
		const { cursor: from = "", ahead = [], defer = [] } = change;
		world = await World.with(keys, { cursor: from, ahead, deferred: defer });
		await world.finish();
		expect(world.handled.filter((data) => keys[Number(data)] === "a")).toEqual([0, 2, 3, 5]);
		expect(world.handled.filter((data) => keys[Number(data)] === "b")).toEqual([4]);
	});

	test.each([
		["nothing", (after: Cursors) => after],
		[
			"that it looked through some others",
			(_: Cursors, [, , second = ""]: readonly Cursor[]) => new Map([[0, second]]),
		],
	])("is not let go while the log tells %s", async (_, next) => {
		const keys = ["a", "b", "b", "a", "a"];
		const whole = { events: 10, bytes: 1_000_000 };
		const { events } = await (await World.with(keys)).topic.read(new Map([[0, ""]]), whole, ctx);
		const places = events.map(({ cursor }) => cursor);
		const [first = "", , , , last = ""] = places;
		let behind = 3;
		const deferred = [{ id: "k:a", key: "a", cursor: first, attempt: 1, due: 1, since: 1 }];
		world = await World.with(keys, { cursor: last, deferred }, (log) =>
			changed(log, {
				async read(after, bounds, ctx) {
					if (bounds.key === undefined || behind-- <= 0) return log.read(after, bounds, ctx);
					return { events: [], next: next(after, places), lost: [] };
				},
			}),
		);
		await world.finish();
		expect(world.handled).toEqual([0, 3, 4]);
	});

	test("waits for its event while the log is behind, and does not take it for one that is kept no longer", async () => {
		const keys = ["a", "a"];
		const whole = { events: 10, bytes: 1_000_000 };
		const { events } = await (await World.with(keys)).topic.read(new Map([[0, ""]]), whole, ctx);
		const deferred = [{ id: "k:a", key: "a", cursor: events[0]?.cursor ?? "", attempt: 1, due: 1, since: 1 }];
		let behind = 3;
		world = await World.with(keys, { cursor: events[1]?.cursor ?? "", deferred }, (log) =>
			changed(log, {
				get: async (places, ctx) => (behind > 0 ? places.map(() => undefined) : log.get(places, ctx)),
				diverged: async (after, ctx) => (behind-- > 0 ? [0] : log.diverged(after, ctx)),
			}),
		);
		await world.finish();
		expect(world.handled).toEqual([0, 1]);
	});

	test("and whose event is kept no longer goes on with the next", async () => {
		const gone = { id: "k:a", key: "a", cursor: cursorAt(0, "gone"), attempt: 1, due: 1, since: 1 };
		world = await World.with(["a", "a"], { deferred: [gone] });
		await world.finish();
		expect(world.handled).toEqual([0, 1]);
	});
});

describe("an event that an operator discards", () => {
	test("is passed over, and its key goes on", async () => {
		world = await World.with(["a", "a"]);
		await world.read();
		world.running.get(0)?.({ do: "park", error });
		const [parked] = [...world.lane.deferrals.all()];
		if (parked !== undefined) world.lane.deferrals.merge([{ ...parked, due: 0, discard: true }]);
		world.recovery.wake();
		await world.finish();
		expect(world.handled).toEqual([1]);
	});
});

describe("events that fail", () => {
	test("are not all tried at once", async () => {
		const keys = Array.from({ length: 50 }, (_, index) => `key ${index}`);
		world = await World.with(keys);
		await world.read(100);
		for (const end of [...world.running.values()]) end({ ...retry, afterMs: 0 });
		await vi.waitFor(() => expect(world?.running.size).toBe(4));
		await world.finish();
		expect(world.handled.length).toBe(50);
	});
});

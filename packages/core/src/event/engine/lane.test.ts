import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Context } from "../../context/context.ts";
import type { Verdict } from "../broker.ts";
import type { LaneState } from "../group-state.ts";
import type { Placed } from "../log.ts";
import { MemoryLane } from "../memory-lane.ts";
import type { EventInHand } from "./event-in-hand.ts";
import { inLane } from "./fixtures/in-lane.ts";
import { Lane } from "./lane.ts";

const done: Verdict = { do: "done" };
const error = { code: "internal", message: "broken" };
const retry: Verdict = { do: "retry", afterMs: 1_000, blameless: false, error };
const park: Verdict = { do: "park", error };

/** A lane that was claimed from its saved state. */
function claimed(saved: MemoryLane, epoch = 1, deferredBound = 10_000): Lane {
	const lease = { lane: 0, member: "m", epoch, state: saved.claim("m", epoch) };
	const options = {
		park: "key",
		deferredBound,
		longestPauseMs: 1_000,
		crashed: true,
		changed: () => {},
	} as const;
	return new Lane(lease, { ...options, ctx: Context.background() });
}

function read(lane: Lane, events: readonly Placed[]): void {
	for (const placed of events) lane.take(placed);
	const last = events.at(-1);
	if (last !== undefined) lane.readTo(last.cursor);
}

/** All events that may be handled now. */
function ready(lane: Lane): EventInHand[] {
	const events: EventInHand[] = [];
	for (let event = lane.next(); event !== undefined; event = lane.next()) events.push(event);
	return events;
}

function save(lane: Lane, saved: MemoryLane): LaneState {
	saved.save(lane.takeUnsaved().change);
	return saved.claim("m", lane.lease.epoch);
}

/** Whether a later holder of the lane comes upon an event again. */
function isCovered({ cursor, event: { key } }: Placed, state: LaneState): boolean {
	if (cursor > state.cursor && !state.ahead.includes(cursor)) return true;
	return state.deferred.some((entry) => {
		if (entry.key === undefined) return entry.cursor === cursor;
		return entry.key === key && entry.cursor <= cursor;
	});
}

const step = fc.oneof(
	fc.record({ do: fc.constant("read" as const), count: fc.integer({ min: 1, max: 6 }) }),
	fc.record({
		do: fc.constant("end" as const),
		which: fc.nat(20),
		verdict: fc.constantFrom(done, done, done, retry, park),
	}),
	fc.record({ do: fc.constantFrom("save" as const, "lose" as const, "crash" as const) }),
);

describe("whatever ends in whatever order, and is saved or lost at whatever moment", () => {
	test("what is saved covers all that is not handled, and each key is handled in order", () => {
		const events = Array.from({ length: 60 }, (_, index) => {
			const key = ["a", "b", "c", undefined][(index * 7) % 4];
			return inLane(index + 1, key);
		});
		const property = fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
			const saved = new MemoryLane(0, "", 0);
			const handled = new Set<unknown>();
			let lane = claimed(saved);
			let running: EventInHand[] = [];
			let position = 0;
			for (const next of steps) {
				running.push(...ready(lane));
				if (next.do === "read") {
					read(lane, events.slice(position, position + next.count));
					position += next.count;
				} else if (next.do === "end") {
					const [event] = running.splice(next.which % Math.max(1, running.length), 1);
					if (event === undefined) continue;
					lane.end(event, next.verdict);
					if (next.verdict === done && !handled.has(event.event.data)) {
						expectInTurn(event, handled, events);
						handled.add(event.event.data);
					}
				} else if (next.do === "lose") {
					lane.putBack(lane.takeUnsaved());
				} else if (next.do === "save") {
					save(lane, saved);
				} else {
					lane = claimed(saved, lane.lease.epoch + 1);
					running = [];
					position = events.findIndex(({ cursor }) => cursor > lane.window.cursor);
					if (position === -1) position = events.length;
				}
				const state = saved.claim("m", lane.lease.epoch);
				const open = events.filter(({ event }) => !handled.has(event.data));
				expect(open.filter((each) => !isCovered(each, state))).toEqual([]);
			}
		});
		fc.assert(property, { numRuns: 500 });
	});
});

/** Expects that all earlier events of the key have been handled. */
function expectInTurn(event: EventInHand, handled: ReadonlySet<unknown>, events: readonly Placed[]): void {
	const { key } = event.event;
	if (key === undefined) return;
	const before = events.filter((each) => each.event.key === key && each.cursor < event.cursor);
	expect(before.filter((each) => !handled.has(each.event.data))).toEqual([]);
}

describe("an event that fails", () => {
	test("is deferred with its key, whose later events are passed over", () => {
		const [saved, events] = [new MemoryLane(0, "", 0), [1, 2, 3].map((position) => inLane(position, "a"))];
		const lane = claimed(saved);
		read(lane, events);
		const [first] = ready(lane);
		if (first !== undefined) lane.end(first, retry);
		const { cursor, deferred } = save(lane, saved);
		expect(cursor).toBe(events[2]?.cursor);
		expect(deferred).toMatchObject([{ id: "k:a", key: "a", cursor: events[0]?.cursor, attempt: 1, error }]);
		expect([lane.inHand, lane.bytes, ready(lane)]).toEqual([0, 0, []]);
	});

	test("has not used an attempt where the fault is not its own", () => {
		const [saved, event] = [new MemoryLane(0, "", 0), inLane(1, "a")];
		const lane = claimed(saved);
		read(lane, [event]);
		const [first] = ready(lane);
		if (first !== undefined) lane.end(first, { ...retry, blameless: true });
		expect(save(lane, saved).deferred).toMatchObject([{ attempt: 0 }]);
	});

	test("holds nothing but itself without a key", () => {
		const [saved, event] = [new MemoryLane(0, "", 0), inLane(1)];
		const lane = claimed(saved);
		read(lane, [event]);
		const [first] = ready(lane);
		if (first !== undefined) lane.end(first, park);
		const { deferred } = save(lane, saved);
		expect(deferred).toMatchObject([{ id: `e:${event.cursor}`, due: "parked" }]);
		expect(deferred[0]?.key).toBeUndefined();
	});
});

describe("a delayed event", () => {
	test("is noted with its time, and the lane passes it", () => {
		const saved = new MemoryLane(0, "", 0);
		const lane = claimed(saved);
		const event = inLane(1, "a", { notBefore: "2027-01-01T00:00:00Z" });
		read(lane, [event]);
		expect([ready(lane), save(lane, saved).cursor]).toEqual([[], event.cursor]);
		expect(saved.delayed(Number.MAX_SAFE_INTEGER, 10)).toEqual([
			{ cursor: event.cursor, due: Date.parse("2027-01-01T00:00:00Z") },
		]);
	});
});

describe("a lane with as many deferred events as it may have", () => {
	test("begins nothing further but what is deferred", () => {
		const saved = new MemoryLane(0, "", 0);
		const lane = claimed(saved, 1, 1);
		read(lane, [inLane(1, "a"), inLane(2, "b")]);
		const first = lane.next();
		if (first !== undefined) lane.end(first, park);
		expect([lane.isBlocked, lane.next()]).toEqual([true, undefined]);
		const [entry] = lane.deferrals.all();
		if (entry !== undefined) lane.settle(entry);
		expect([lane.isBlocked, lane.next()?.event.key]).toEqual([false, "b"]);
	});
});

describe("a lane that is lost", () => {
	test("ends the contexts of its handlers, and their verdicts change nothing", async () => {
		const lane = claimed(new MemoryLane(0, "", 0));
		read(lane, [inLane(1, "a"), inLane(2, "a")]);
		const [first] = ready(lane);
		lane.lose(new Error("lost"));
		expect(lane.ctx.error).toBeDefined();
		expect(first !== undefined && lane.end(first, done)).toBe(false);
		expect([lane.window.cursor, lane.next()]).toEqual(["", undefined]);
		await lane.close();
	});

	test("tells those who wait for the end of an event", async () => {
		const lane = claimed(new MemoryLane(0, "", 0));
		read(lane, [inLane(1, "a")]);
		const [event] = ready(lane);
		const waiting = event === undefined ? undefined : lane.recover(event);
		lane.lose(new Error("lost"));
		await expect(waiting).resolves.toBe("lost");
	});
});

test("a lane that is closed begins nothing, and has ended when what was running is over", async () => {
	const lane = claimed(new MemoryLane(0, "", 0));
	read(lane, [inLane(1, "a"), inLane(2, "a")]);
	const [first] = ready(lane);
	const closed = lane.close();
	if (first !== undefined) lane.end(first, done);
	await closed;
	expect([lane.next(), lane.window.cursor]).toEqual([undefined, inLane(1, "a").cursor]);
});

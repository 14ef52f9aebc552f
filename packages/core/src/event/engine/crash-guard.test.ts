import { describe, expect, test } from "vitest";
import type { LaneState } from "../group-state.ts";
import { CrashGuard } from "./crash-guard.ts";

function guard(state: Partial<LaneState>, crashed = true): CrashGuard {
	return new CrashGuard({ cursor: "c1", ahead: [], deferred: [], crashes: 0, ...state }, crashed);
}

describe("a lane", () => {
	test.each([
		[0, false],
		[1, false],
		[2, true],
		[3, true],
	])("after %d crashes in a row: careful: %s", (crashes, isCareful) => {
		expect(guard({ crashes }).isCareful).toBe(isCareful);
	});

	test("is careful after a crash while one event was handled alone", () => {
		expect(guard({ crashes: 1, trying: { cursor: "c2", crashes: 0 } }).isCareful).toBe(true);
	});

	test("that was released says nothing against the event that was handled last", () => {
		const released = guard({ crashes: 0, trying: { cursor: "c2", crashes: 1 } });
		expect([released.isCareful, released.refusal("c2")]).toEqual([false, undefined]);
	});

	test("is trusted when its cursor moves after a single crash", () => {
		const once = guard({ crashes: 1 });
		expect(once.survived(undefined, "c1", false)).toBe(false);
		expect(once.survived(undefined, "c2", false)).toBe(true);
		expect(once.survived(undefined, "c3", false)).toBe(false);
	});

	test("is not trusted before the events are tried that were deferred before the crash", () => {
		const deferred = { id: "k:a", cursor: "c0", attempt: 1, due: 5, since: 1 };
		const once = guard({ crashes: 1, deferred: [deferred] });
		expect(once.survived(undefined, "c2", false)).toBe(false);
		expect(once.survived("k:a", "c2", false)).toBe(true);
	});

	test("that is careful is trusted once it has nothing left in hand, or after many events", () => {
		expect(guard({ crashes: 2 }).survived(undefined, "c2", true)).toBe(true);
		const busy = guard({ crashes: 2 });
		let events = 1;
		while (!busy.survived(undefined, "c2", false)) events++;
		expect([events, busy.isCareful]).toEqual([256, false]);
	});
});

describe("an event", () => {
	test("is parked when two processes ended while they handled it alone", () => {
		const first = guard({ crashes: 3, trying: { cursor: "c2", crashes: 0 } });
		expect(first.refusal("c2")).toBeUndefined();
		expect(first.trying("c2")).toEqual({ cursor: "c2", crashes: 1 });
		expect(first.trying("c3")).toEqual({ cursor: "c3", crashes: 0 });
		const second = guard({ crashes: 4, trying: first.trying("c2") });
		expect(second.refusal("c2")).toMatchObject({ reason: "process_ended" });
		expect(second.refusal("c3")).toBeUndefined();
	});

	test("that was parked so is handled once it is replayed, while the same process holds the lane", () => {
		const holder = guard({ crashes: 4, trying: { cursor: "c2", crashes: 1 } });
		expect(holder.refusal("c2")).toMatchObject({ reason: "process_ended" });
		expect(holder.refusal("c2")).toBeUndefined();
		expect(holder.trying("c2")).toEqual({ cursor: "c2", crashes: 0 });
	});

	test("is not blamed by a member that was only cut off while it handled it", () => {
		const back = guard({ crashes: 2, trying: { cursor: "c2", crashes: 1 } }, false);
		expect(back.refusal("c2")).toBeUndefined();
		expect(back.trying("c2")).toEqual({ cursor: "c2", crashes: 1 });
	});
});

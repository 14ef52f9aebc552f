import { beforeEach, describe, expect, test, vi } from "vitest";
import { Context } from "../../context/context.ts";
import { type Logger, silentLogger } from "../../logger/logger.ts";
import type { GroupStore } from "../group-state.ts";
import { memoryGroupState } from "../memory-group-state.ts";
import { type Faults, FaultyState } from "./fixtures/faulty-state.ts";
import { inLane } from "./fixtures/in-lane.ts";
import { Lane } from "./lane.ts";
import { LaneSaver } from "./lane-saver.ts";
import { Membership } from "./membership.ts";
import { Troubles } from "./troubles.ts";
import { UnsavedLanes } from "./unsaved-lanes.ts";

const ctx = Context.background();
const id = { topic: "matches", group: "rewards" };

let faults: Faults;
let store: GroupStore;
/** The store as the saver reaches it. */
let reached: GroupStore;
let lane: Lane;
let saver: LaneSaver;
let lost: unknown[];
let troubles: Troubles;
let logger: Logger;

beforeEach(async () => {
	faults = { failing: 0, slowMs: 0, isCut: false };
	const state = memoryGroupState();
	store = state.group(id);
	await store.create(new Map([[0, ""]]), ctx);
	await store.join({ id: "m", handles: {} }, ctx);
	const faulty = new FaultyState(state, faults);
	const membership = new Membership({ state, ttlMs: 60_000, logger: silentLogger });
	membership.follow({ onLost: () => {}, onAlive: () => {} });
	await membership.renew(ctx);
	logger = { log() {} };
	troubles = new Troubles(logger, {});
	const epoch = (await store.report(ctx))?.lanes[0]?.epoch ?? 0;
	const lease = await store.claim(0, "m", epoch, ctx);
	if (lease === undefined) throw new Error("the lane was not claimed");
	const options = {
		park: "key",
		deferredBound: 10,
		longestPauseMs: 1_000,
		crashed: true,
		changed: () => {},
	} as const;
	lane = new Lane(lease, { ...options, ctx });
	lost = [];
	const lose = (lane: Lane, reason: unknown): void => {
		lost.push(reason);
		lane.lose(reason);
	};
	reached = faulty.group(id);
	const unsaved = new UnsavedLanes(troubles);
	saver = new LaneSaver(lane, { store: reached, membership, unsaved, lose, ttlMs: 60_000, ctx });
});

/** Handles the event at a position. */
function handle(position: number): string {
	const placed = inLane(position);
	lane.take(placed);
	const event = lane.next();
	if (event !== undefined) lane.end(event, { do: "done" });
	return placed.cursor;
}

async function savedCursor(): Promise<string | undefined> {
	return (await store.report(ctx))?.lanes[0]?.cursor;
}

describe("a lane", () => {
	test("is saved as it is by then", async () => {
		const cursor = handle(1);
		await saver.save();
		expect([await savedCursor(), lane.isDirty]).toEqual([cursor, false]);
	});

	test("is saved again when it changes while it is being saved", async () => {
		faults.slowMs = 5;
		handle(1);
		const first = saver.save();
		const cursor = handle(2);
		await Promise.all([first, saver.save()]);
		expect(await savedCursor()).toBe(cursor);
	});

	test("is saved once by one call, however much changes meanwhile", async () => {
		const cursor = handle(1);
		const save = vi.spyOn(reached, "save").mockImplementationOnce((...given) => {
			handle(2);
			return store.save(...given);
		});
		await saver.save();
		expect(save).toHaveBeenCalledTimes(1);
		expect([await savedCursor(), lane.isDirty]).toEqual([cursor, true]);
	});

	test("is not saved when nothing has changed", async () => {
		faults.isCut = true;
		await saver.save();
	});

	test("is saved later when the state fails, under a new epoch, so that no save arrives late", async () => {
		faults.failing = 1;
		const before = lane.lease;
		const cursor = handle(1);
		const logged = vi.spyOn(logger, "log").mockImplementationOnce(() => {
			faults.failing = 0;
		});
		await saver.save();
		expect(logged.mock.calls[0]?.[1]).toContain("cannot be saved");
		expect([await savedCursor(), lost, troubles.text]).toEqual([cursor, [], undefined]);
		await expect(store.save(before, { cursor: "" }, ctx)).rejects.toMatchObject({ reason: "lease_lost" });
	});

	test("is given up when another member has claimed it, and nothing is saved", async () => {
		await store.claim(0, "other", lane.lease.epoch, ctx);
		handle(1);
		await saver.save();
		expect(lost).toMatchObject([{ reason: "lease_lost" }]);
		expect(await savedCursor()).toBe("");
		handle(2);
		await saver.save();
		expect(await savedCursor()).toBe("");
	});
});

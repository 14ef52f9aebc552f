import { expect, test, vi } from "vitest";
import { Context } from "../../context/context.ts";
import { silentLogger } from "../../logger/logger.ts";
import { memoryGroupState } from "../memory-group-state.ts";
import { inLane } from "./fixtures/in-lane.ts";
import { HeldLanes } from "./held-lanes.ts";
import type { Lane } from "./lane.ts";
import { Membership } from "./membership.ts";
import { Troubles } from "./troubles.ts";

const ctx = Context.background();

function handle(lane: Lane, position: number): string {
	const placed = inLane(position);
	lane.take(placed);
	const event = lane.next();
	if (event !== undefined) lane.end(event, { do: "done" });
	return placed.cursor;
}

test("an event that ends while its lane is saved for the last time is saved, too, before the lane is given back", async () => {
	const state = memoryGroupState();
	const store = state.group({ topic: "matches", group: "rewards" });
	await store.create(new Map([[0, ""]]), ctx);
	const membership = new Membership({ state, ttlMs: 60_000, logger: silentLogger });
	await store.join({ id: membership.id, handles: {} }, ctx);
	membership.follow({ onLost: () => {}, onAlive: () => {} });
	await membership.renew(ctx);
	const epoch = (await store.report(ctx))?.lanes[0]?.epoch ?? 0;
	const lease = await store.claim(0, membership.id, epoch, ctx);
	if (lease === undefined) throw new Error("the lane was not claimed");
	const lanes = new HeldLanes({
		store,
		membership,
		park: "key",
		deferredBound: 10,
		longestPauseMs: 1_000,
		ttlMs: 60_000,
		saveMs: 60_000,
		saveEvents: 256,
		ctx,
		troubles: new Troubles(silentLogger, {}),
		logger: silentLogger,
		changed: () => {},
	});
	const lane = lanes.add(lease, false);
	handle(lane, 1);
	const save = store.save.bind(store);
	let last = "";
	vi.spyOn(store, "save").mockImplementationOnce(async (lease, change) => {
		last = handle(lane, 2);
		await save(lease, change, ctx);
	});
	await lanes.giveBack(lane);
	lanes.close();
	const [report] = (await store.report(ctx))?.lanes ?? [];
	expect([report?.cursor, report?.holder]).toEqual([last, undefined]);
});

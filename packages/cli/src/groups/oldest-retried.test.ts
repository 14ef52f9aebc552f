import { Context } from "@allium/core";
import type { Deferred, EventRecord, GroupStore, TopicLog } from "@allium/core/event";
import { memoryGroupState, memoryLog } from "@allium/core/log-broker";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { oldestRetried } from "./oldest-retried.ts";

const ctx = Context.background();
const now = new Date("2026-11-26T12:00:00Z");

let topic: TopicLog;
let store: GroupStore;

beforeEach(async () => {
	vi.setSystemTime(now);
	topic = await memoryLog().open("matches", { lanes: 2 }, ctx);
	store = memoryGroupState().group({ topic: "matches", group: "rewards" });
	await store.create(
		new Map([
			[0, ""],
			[1, ""],
		]),
		ctx,
	);
	await store.join({ id: "m", handles: {} }, ctx);
});
afterEach(() => void vi.useRealTimers());

/** Publishes an event, and defers it as the process that holds its lane does. */
async function defer(id: string, due: Deferred["due"], more: Partial<EventRecord>): Promise<void> {
	const time = now.toISOString();
	const event = { id, type: "matches.started", version: 1, source: "test", time, data: 1, correlationId: id };
	const [receipt] = await topic.append([{ ...event, ...more }], ctx);
	const { lane = 0, cursor = "" } = receipt ?? {};
	const epoch = (await lanes()).find((each) => each.lane === lane)?.epoch ?? 0;
	const lease = (await store.claim(lane, "m", epoch, ctx)) ?? expect.unreachable();
	const entry = { id: `e:${cursor}`, cursor, attempt: 1, due, since: Date.now() };
	await store.save(lease, { cursor, defer: [entry] }, ctx);
}

async function lanes() {
	return (await store.report(ctx))?.lanes ?? [];
}

test("is the age of the first event that is tried again, of all lanes", async () => {
	await defer("new", now.getTime() + 1_000, { time: "2026-11-26T11:59:00Z" });
	await defer("old", now.getTime() + 9_000, { time: "2026-11-26T11:00:00Z" });
	await defer("parked", "parked", { time: "2026-11-26T10:00:00Z" });
	expect(await oldestRetried({ topic, store, lanes: await lanes() }, ctx)).toBe(3_600_000);
});

test("counts from its time for an event that was to be handled later", async () => {
	await defer("later", now.getTime() + 1_000, {
		time: "2026-11-25T12:00:00Z",
		notBefore: "2026-11-26T11:59:30Z",
	});
	expect(await oldestRetried({ topic, store, lanes: await lanes() }, ctx)).toBe(30_000);
});

test.each([
	["without events that are tried again", () => Promise.resolve()],
	["for an event without a time", () => defer("odd", now.getTime(), { time: "soon" })],
])("is 0 %s", async (_, given) => {
	await given();
	expect(await oldestRetried({ topic, store, lanes: await lanes() }, ctx)).toBe(0);
});

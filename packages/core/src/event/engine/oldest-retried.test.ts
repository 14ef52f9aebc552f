import { beforeEach, expect, test } from "vitest";
import { Context } from "../../context/context.ts";
import type { EventRecord } from "../event-record.ts";
import type { Deferred } from "../group-state.ts";
import type { TopicLog } from "../log.ts";
import { memoryLog } from "../memory-log.ts";
import { oldestRetried } from "./oldest-retried.ts";

const ctx = Context.background();
const due = Date.parse("2026-11-26T12:00:01Z");

let topic: TopicLog;
let deferred: Map<number, Deferred[]>;

beforeEach(async () => {
	topic = await memoryLog().open("matches", { lanes: 2 }, ctx);
	deferred = new Map();
});

/** Publishes an event that failed a moment ago. */
async function defer(id: string, due: Deferred["due"], more: Partial<EventRecord>): Promise<void> {
	const time = "2026-11-26T11:59:59Z";
	const event = { id, type: "matches.started", version: 1, source: "test", time, data: 1, correlationId: id };
	const [receipt] = await topic.append([{ ...event, ...more }], ctx);
	const { lane = 0, cursor = "" } = receipt ?? {};
	const entry = { id: `e:${cursor}`, cursor, attempt: 1, due, since: Date.parse("2026-11-26T12:00:00Z") };
	deferred.set(lane, [...(deferred.get(lane) ?? []), entry]);
}

test("is when the first event that is tried again was published, of all lanes", async () => {
	await defer("parked", "parked", { time: "2026-11-26T10:00:00Z" });
	await defer("old", due + 9_000, { time: "2026-11-26T11:00:00Z" });
	await defer("new", due, { time: "2026-11-26T11:59:00Z" });
	expect(await oldestRetried(topic, deferred, ctx)).toBe(Date.parse("2026-11-26T11:00:00Z"));
});

test("is its time for an event that was to be handled later", async () => {
	await defer("later", due, { time: "2026-11-25T12:00:00Z", notBefore: "2026-11-26T11:59:30Z" });
	expect(await oldestRetried(topic, deferred, ctx)).toBe(Date.parse("2026-11-26T11:59:30Z"));
});

test.each([
	["without events that are tried again", () => defer("parked", "parked", {})],
	["for an event without a time", () => defer("odd", due, { time: "soon" })],
	[
		"for an event that its topic keeps no longer",
		async () =>
			void deferred.set(0, [{ id: "e:0", cursor: "0000000000z-gone", attempt: 1, due, since: due }]),
	],
])("is undefined %s", async (_, given) => {
	await given();
	expect(await oldestRetried(topic, deferred, ctx)).toBeUndefined();
});

import { expect, test } from "vitest";
import { Context } from "../context/context.ts";
import type { EventRecord } from "./event-record.ts";
import type { Page, TopicLog } from "./log.ts";
import { MemoryTopics, memoryLog } from "./memory-log.ts";

const ctx = Context.background();

function event(id: string, size = 0): EventRecord {
	return {
		id,
		type: "matches.started",
		version: 1,
		source: "matches",
		key: "a",
		time: "2026-11-26T03:00:00.000Z",
		data: "x".repeat(size),
		correlationId: id,
	};
}

async function readAll(topic: TopicLog): Promise<Page> {
	return topic.read(await topic.at("start", ctx), { events: 100, bytes: 1_000_000 }, ctx);
}

const idsOf = ({ events }: Page): string[] => events.map(({ event }) => event.id);

test("logs that share topics see each other's events; others do not", async () => {
	const topics = new MemoryTopics();
	const left = await memoryLog({ topics }).open("matches", {}, ctx);
	await left.append([event("1")], ctx);
	const right = await memoryLog({ topics }).open("matches", { lanes: 3 }, ctx);
	expect(idsOf(await readAll(right))).toEqual(["1"]);
	expect(right.lanes).toBe(16);
	expect(await memoryLog().topics(ctx)).toEqual([]);
});

test("a topic that says nothing keeps as many bytes as the log says", async () => {
	const topic = await memoryLog({ retainBytes: 3_000 }).open("matches", { lanes: 1 }, ctx);
	for (let n = 0; n < 10; n++) await topic.append([event(String(n), 700)], ctx);
	expect(idsOf(await readAll(topic))).toEqual(["7", "8", "9"]);
	expect((await topic.read(new Map([[0, ""]]), { events: 1, bytes: 1 }, ctx)).lost).toEqual([0]);
});

test("an id that the log keeps no longer is new again", async () => {
	const topic = await memoryLog({ retainBytes: 1_000 }).open("matches", { lanes: 1 }, ctx);
	await topic.append([event("1", 700)], ctx);
	await topic.append([event("2", 700)], ctx);
	expect(await topic.append([event("1", 700)], ctx)).toMatchObject([{ id: "1", duplicate: false }]);
});

test("what is changed after it was published is not changed in the log", async () => {
	const topic = await memoryLog().open("matches", { lanes: 1 }, ctx);
	const data = { size: 19 };
	await topic.append([{ ...event("1"), data }], ctx);
	data.size = 5;
	const page = await readAll(topic);
	expect(page.events[0]?.event.data).toEqual({ size: 19 });
});

test("the place of a receipt is known by its id", async () => {
	const topic = await memoryLog().open("matches", {}, ctx);
	const [receipt] = await topic.append([event("1")], ctx);
	const found = { id: "1", lane: 0, cursor: undefined, duplicate: false };
	expect(await topic.place(found, ctx)).toBe(receipt?.cursor);
	await expect(topic.place({ ...found, id: "2" }, ctx)).rejects.toMatchObject({ code: "not_found" });
});

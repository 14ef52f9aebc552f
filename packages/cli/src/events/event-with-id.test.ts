import { Context } from "@allium/core";
import { memoryBroker } from "@allium/core/log-broker";
import { expect, test, vi } from "vitest";
import { OpenedBroker } from "../broker/opened-broker.ts";
import { eventWithId } from "./event-with-id.ts";

const ctx = Context.background();

/** A topic of three events, with or without its index of ids. */
async function topicOf(isIndexed: boolean) {
	const opened = new OpenedBroker(memoryBroker(), "memory:");
	const topic = await opened.log.open("matches", {}, ctx);
	const time = new Date().toISOString();
	const facts = { type: "matches.tick", version: 1, source: "test", time, data: {} };
	await topic.append(
		["1", "2", "3"].map((id) => ({ ...facts, id, correlationId: id })),
		ctx,
	);
	if (!isIndexed) Object.assign(topic, { find: undefined });
	return { opened, topic, read: vi.spyOn(topic, "read") };
}

test("an event is found by the index of its log, and none is read", async () => {
	const { opened, topic, read } = await topicOf(true);
	expect((await eventWithId(opened, topic, "2"))?.event.id).toBe("2");
	expect(await eventWithId(opened, topic, "4")).toBeUndefined();
	expect(read).not.toHaveBeenCalled();
});

test("a log without an index of ids is read", async () => {
	const { opened, topic, read } = await topicOf(false);
	expect((await eventWithId(opened, topic, "2"))?.event.id).toBe("2");
	expect(await eventWithId(opened, topic, "4")).toBeUndefined();
	expect(read).toHaveBeenCalled();
});

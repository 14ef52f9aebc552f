import { type EventRecord, eventText, laneOf, type TopicLog } from "@allium/core/event";
import { expect } from "vitest";
import type { LogCase } from "./log-case.ts";
import { appendEach, background, only, readAll } from "./log-lab.ts";
import { idOf, matchEvent, matchEvents } from "./match-event.ts";

/** Adding events. */
export const publishCases: readonly LogCase[] = [
	{
		title: "a published event is read as it was published",
		async run(lab) {
			const [left, right] = [await lab.topic(), await lab.topic()];
			const whole: EventRecord = matchEvent("1", {
				key: "a",
				version: 3,
				notBefore: "2026-11-26T04:00:00.000Z",
				causationId: "0",
				correlationId: "root",
				traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
				tracestate: "vendor=1",
				metadata: { "x-global-tenant": "Zürich z1", "x-global-a-b": "2" },
			});
			await left.append([whole], background);
			const placed = only(await readAll(right));
			expect(placed.event).toEqual(whole);
			expect(placed.fault).toBeUndefined();
			expect(placed.bytes).toBeGreaterThanOrEqual(eventText(whole, 10_000).length);
		},
	},
	{
		title: "receipts come in the order of the events, with the lane of the key and the place",
		async run(lab) {
			const topic = await lab.topic();
			const events = [...matchEvents("a", 2), ...matchEvents("b", 2), ...matchEvents("c", 2)];
			const receipts = await topic.append(events, background);
			expect(receipts.map(({ id }) => id)).toEqual(events.map(({ id }) => id));
			for (const [index, receipt] of receipts.entries()) {
				const { lane } = receipt;
				expect(lane).toBe(laneOf(events[index] ?? expect.unreachable(), topic.lanes));
				expect(receipt.duplicate).toBe(false);
				const cursor = await topic.place(receipt, background);
				expect(receipt.cursor ?? cursor).toBe(cursor);
				const [found] = await topic.get([{ lane, cursor }], background);
				expect(found?.event.id).toBe(receipt.id);
			}
		},
	},
	{
		title: "an id that is published twice is one event, where ids are remembered",
		async run(lab) {
			const [left, right] = [await lab.topic(), await lab.topic()];
			const event = matchEvent("1", { key: "a" });
			const first = only(await left.append([event], background));
			const again = only(await right.append([event], background));
			if (left.features.dedupeMs === 0) {
				expect(again.duplicate).toBe(false);
				expect((await readAll(left)).map(idOf)).toEqual(["1", "1"]);
				return;
			}
			expect(again.duplicate).toBe(true);
			expect(await right.place(again, background)).toBe(await left.place(first, background));
			expect((await readAll(left)).map(idOf)).toEqual(["1"]);
		},
	},
	{
		title: "an id that many publish at once is one event",
		async run(lab, skip) {
			const topics = await Promise.all(Array.from({ length: 4 }, () => lab.topic()));
			if (topics.some(({ features }) => features.dedupeMs === 0)) return skip("the log remembers no ids");
			const event = matchEvent("1", { key: "a" });
			const racing = [...topics, ...topics].map((topic) => topic.append([event], background));
			const receipts = (await Promise.all(racing)).flat();
			expect(receipts.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
			expect((await readAll(await lab.topic())).map(idOf)).toEqual(["1"]);
		},
	},
	{
		title: "an id that one call has twice is one event",
		async run(lab, skip) {
			const topic = await lab.topic();
			if (topic.features.dedupeMs === 0) return skip("the log remembers no ids");
			const event = matchEvent("1", { key: "a" });
			const receipts = await topic.append([event, matchEvent("2", { key: "a" }), event], background);
			expect(receipts.map(({ duplicate }) => duplicate)).toEqual([false, false, true]);
			expect((await readAll(topic)).map(idOf)).toEqual(["1", "2"]);
		},
	},
	{
		title: "ids are of their topic: another topic may have the same",
		async run(lab) {
			const log = await lab.open();
			for (const name of ["one", "two"]) {
				const topic = await log.open(name, { lanes: 2 }, background);
				expect(only(await topic.append([matchEvent("1")], background)).duplicate).toBe(false);
				expect((await readAll(topic)).map(idOf)).toEqual(["1"]);
			}
		},
	},
	{
		title: "one publisher's events of a key are in the order of its calls",
		async run(lab) {
			const topic = await lab.topic();
			const keys = ["a", "b", "c", "d", "e"];
			const events = Array.from({ length: 200 }, (_, index) =>
				matchEvent(String(index), { key: keys[index % keys.length] ?? "" }),
			);
			await appendEach(topic, events);
			const read = await readAll(topic);
			for (const key of keys) {
				const ofKey = (event: EventRecord): boolean => event.key === key;
				expect(read.map(({ event }) => event).filter(ofKey)).toEqual(events.filter(ofKey));
			}
		},
	},
	{
		title: "an event over the size limit is refused by name before anything is added",
		async run(lab) {
			const topic = await lab.topic();
			const largest = sized(topic, "large", topic.features.maxEventBytes);
			const tooLarge = sized(topic, "larger", topic.features.maxEventBytes + 1);
			await expect(topic.append([matchEvent("small"), tooLarge], background)).rejects.toMatchObject({
				code: "resource_exhausted",
				reason: "event_too_large",
				message: expect.stringContaining("larger"),
			});
			expect(await readAll(topic)).toEqual([]);
			await topic.append([largest], background);
			expect((await readAll(topic)).map(idOf)).toEqual(["large"]);
		},
	},
	{
		title: "a context that has ended publishes nothing",
		async run(lab) {
			const topic = await lab.topic();
			const { ctx, cancel } = background.withCancel();
			cancel();
			await expect(topic.append([matchEvent("1")], ctx)).rejects.toMatchObject({ code: "canceled" });
			expect(await readAll(topic)).toEqual([]);
		},
	},
	{
		title: "no events are published as no events",
		async run(lab) {
			const topic = await lab.topic();
			expect(await topic.append([], background)).toEqual([]);
			expect(await readAll(topic)).toEqual([]);
		},
	},
	{
		title: "events without a key spread over the lanes",
		async run(lab) {
			const topic = await lab.topic();
			const events = Array.from({ length: 64 }, (_, index) => matchEvent(`e${index}`));
			const receipts = await topic.append(events, background);
			expect(new Set(receipts.map(({ lane }) => lane)).size).toBe(topic.lanes);
		},
	},
	{
		title: "a thousand events in one call come in their order",
		async run(lab) {
			const topic = await lab.topic();
			const events = matchEvents("a", 1_000);
			await topic.append(events, background);
			expect((await readAll(topic)).map(idOf)).toEqual(events.map(({ id }) => id));
		},
	},
];

/** An event whose text has exactly the given number of bytes. */
function sized(topic: TopicLog, id: string, bytes: number): EventRecord {
	const padded = (length: number): EventRecord =>
		matchEvent(id, { key: topic.topic, data: "x".repeat(length) });
	return padded(bytes - eventText(padded(0), bytes).length);
}

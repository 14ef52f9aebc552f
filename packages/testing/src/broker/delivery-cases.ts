import type { EventRecord } from "@allium/core/event";
import { expect } from "vitest";
import { matchEvent, matchEvents } from "../log/match-event.ts";
import { hostileKeys } from "../log/text-cases.ts";
import type { BrokerCase } from "./broker-case.ts";
import { background, idsOf, publishEach, topicName } from "./broker-lab.ts";
import { Recorder } from "./recorder.ts";

/** Publishing, and what arrives. */
export const deliveryCases: readonly BrokerCase[] = [
	{
		title: "an event is handled as it was published: data, key, trace, metadata and causation",
		async run(lab) {
			const topic = await lab.topic();
			const worker = await lab.worker();
			const whole: EventRecord = matchEvent("1", {
				key: "a",
				causationId: "0",
				correlationId: "root",
				traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
				metadata: { "x-global-tenant": "Zürich z1" },
				data: { "naïve 🧅": ["\u0000", null, { deep: [[[1]]] }] },
			});
			await topic.publish([whole], background);
			await lab.handles(worker.recorder, 1);
			const [delivered] = worker.recorder.begun;
			expect(delivered?.event).toEqual(whole);
			expect(delivered).toMatchObject({ attempt: 1, isReplay: false });
		},
	},
	{
		title: "an id that is published twice is handled once, where ids are remembered",
		async run(lab, skip) {
			const topic = await lab.topic();
			if (topic.features.dedupeMs === 0) return skip("the broker remembers no ids");
			const worker = await lab.worker();
			const event = matchEvent("1", { key: "a" });
			await topic.publish([event], background);
			const [again] = await topic.publish([event], background);
			expect(again?.duplicate).toBe(true);
			await topic.publish([matchEvent("2", { key: "a" })], background);
			await lab.handles(worker.recorder, 2);
			expect(worker.recorder.ids).toEqual(["1", "2"]);
		},
	},
	{
		title: "an event over the size limit is refused by name before anything is sent",
		async run(lab) {
			const topic = await lab.topic();
			const worker = await lab.worker();
			const tooLarge = matchEvent("larger", { key: "a", data: "x".repeat(topic.features.maxEventBytes) });
			const publishing = topic.publish([matchEvent("small", { key: "a" }), tooLarge], background);
			await expect(publishing).rejects.toMatchObject({
				code: "resource_exhausted",
				reason: "event_too_large",
				message: expect.stringContaining("larger"),
			});
			await topic.publish([matchEvent("next", { key: "a" })], background);
			await lab.handles(worker.recorder, 1);
			expect(worker.recorder.ids).toEqual(["next"]);
		},
	},
	{
		title: "hostile keys are not taken for each other",
		async run(lab) {
			const topic = await lab.topic();
			const worker = await lab.worker();
			const events = hostileKeys.map((key, index) => matchEvent(`e${index}`, { key }));
			await topic.publish(events, background);
			await lab.handles(worker.recorder, events.length);
			const keys = worker.recorder.begun.map(({ event }) => event.key ?? "");
			expect(keys.sort()).toEqual([...hostileKeys].sort());
		},
	},
	{
		title: "what is published right after a group has started is not missed",
		async run(lab) {
			const topic = await lab.topic();
			const recorder = new Recorder();
			await lab.worker(recorder);
			const events = matchEvents("a", 3);
			await publishEach(topic, events);
			await lab.handles(recorder, 3);
			expect(recorder.ids).toEqual(idsOf(events));
		},
	},
	{
		title: "16 publishers race: a group misses none of their events",
		async run(lab) {
			const topics = await Promise.all(Array.from({ length: 4 }, () => lab.topic()));
			const worker = await lab.worker();
			const publishers = Array.from({ length: 16 }, (_, index) => {
				const topic = topics[index % topics.length] ?? expect.unreachable();
				return publishEach(topic, matchEvents(`p${index}`, 20));
			});
			await Promise.all(publishers);
			await lab.handles(worker.recorder, 320);
			expect(worker.recorder.handled).toHaveLength(320);
			for (let index = 0; index < 16; index++) {
				expect(worker.recorder.firstOf(`p${index}`)).toEqual(idsOf(matchEvents(`p${index}`, 20)));
			}
		},
	},
	{
		title: "no more events are handled at once than the group wants",
		async run(lab) {
			const topic = await lab.topic();
			const recorder = new Recorder(async () => {
				await new Promise((resolve) => setImmediate(resolve));
				return { do: "done" };
			});
			await lab.worker(recorder, { concurrency: 3 });
			const events = Array.from({ length: 60 }, (_, index) => matchEvent(`e${index}`));
			await topic.publish(events, background);
			await lab.handles(recorder, 60);
			expect(recorder.most).toBeLessThanOrEqual(3);
		},
	},
	{
		title: "large events keep to the bytes that the group has in memory",
		async run(lab, skip) {
			const topic = await lab.topic();
			const size = 512 * 1024;
			if (topic.features.maxEventBytes < size + 1_024) return skip("the broker takes no events of 512 KiB");
			const recorder = new Recorder(async () => {
				await new Promise((resolve) => setImmediate(resolve));
				return { do: "done" };
			});
			await lab.worker(recorder, { bytes: 2 * 1024 * 1024 });
			for (let index = 0; index < 24; index++) {
				await topic.publish([matchEvent(`e${index}`, { data: "x".repeat(size) })], background);
			}
			await lab.handles(recorder, 24);
			expect(recorder.most).toBeLessThanOrEqual(4);
		},
	},
	{
		title:
			"a text of a stranger that is no event is parked without a call, and what lies behind it is handled",
		needs: ["putText"],
		async run(lab) {
			const topic = await lab.topic({ lanes: 1 });
			const worker = await lab.worker();
			await lab.setup.putText?.(topic.topic, 0, "nonsense");
			await topic.publish([matchEvent("behind")], background);
			await lab.handles(worker.recorder, 1);
			expect(worker.recorder.ids).toEqual(["behind"]);
			await lab.eventually(async () => {
				const { items } = await worker.broker
					.parking({ topic: topic.topic, group: "rewards" })
					.list({ limit: 10 }, background);
				expect(items.map(({ event }) => event?.data)).toEqual(["nonsense"]);
			});
		},
	},
	{
		title: "ten brokers that open a topic and join a group at once have the same, and no event is left out",
		async run(lab) {
			const brokers = await Promise.all(Array.from({ length: 10 }, () => lab.broker()));
			const topics = await Promise.all(
				brokers.map((broker, index) => broker.open(topicName, { lanes: index + 1 }, background)),
			);
			expect(new Set(topics.map(({ lanes }) => lanes)).size).toBe(1);
			const recorder = new Recorder();
			await Promise.all(brokers.map((broker) => lab.consume(broker, recorder, { park: "event" })));
			const keys = topics.map((_, index) => `k${index}`);
			await Promise.all(topics.map((topic, index) => topic.publish(matchEvents(`k${index}`, 5), background)));
			await lab.handles(recorder, 50);
			for (const key of keys) expect(recorder.firstOf(key)).toEqual(idsOf(matchEvents(key, 5)));
			expect(recorder.overlaps).toEqual([]);
		},
	},
];

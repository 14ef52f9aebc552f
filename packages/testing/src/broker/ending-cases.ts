import { isServiceError } from "@allium/core";
import { expect } from "vitest";
import { matchEvent, matchEvents } from "../log/match-event.ts";
import type { BrokerCase } from "./broker-case.ts";
import { background, idsOf, parkedOf, rewards, topicName } from "./broker-lab.ts";
import { done, Meeting, park, Recorder, retry, untilEnd } from "./recorder.ts";

/** Delays, closing, and reports of a group. */
export const endingCases: readonly BrokerCase[] = [
	{
		title: "an event is not handled before its time, and holds its key no longer than itself",
		async run(lab) {
			const topic = await lab.topic({ lanes: 1 });
			const hour = new Date(Date.now() + 3_600_000).toISOString();
			const later = matchEvent("later", { key: "a", notBefore: hour });
			if (!topic.features.delay) {
				await expect(topic.publish([later], background)).rejects.toSatisfy(isServiceError);
				return;
			}
			let cameAt = 0;
			const recorder = new Recorder(() => {
				cameAt = Date.now();
				return done;
			});
			await lab.worker(recorder);
			await topic.publish([later, matchEvent("at once", { key: "a" })], background);
			await lab.handles(recorder, 1);
			const at = Date.now() + 1_500;
			const soon = matchEvent("soon", { key: "a", notBefore: new Date(at).toISOString() });
			await topic.publish([soon], background);
			await lab.handles(recorder, 2);
			expect(recorder.handled).toEqual(["at once", "soon"]);
			expect(cameAt).toBeGreaterThanOrEqual(at);
		},
	},
	{
		title: "an event that waits for its time is handled by the next process, once",
		async run(lab, skip) {
			const topic = await lab.topic({ lanes: 1 });
			if (!topic.features.delay) return skip("the broker delays nothing");
			// If the first process is still there when the event is due, that event shows nothing: another one waits for longer.
			for (let waitMs = 2_000; ; waitMs *= 2) {
				const first = await lab.worker();
				const at = Date.now() + waitMs;
				const [later, soon] = [`later-${waitMs}`, `soon-${waitMs}`];
				const notBefore = new Date(at).toISOString();
				await topic.publish([matchEvent(later, { notBefore }), matchEvent(soon)], background);
				await lab.eventually(() => expect(first.recorder.handled).toContain(soon));
				await lab.eventually(async () => {
					const { delayed = 1 } = await first.consumer.report(background);
					expect(delayed === 1 || first.recorder.handled.includes(later)).toBe(true);
				});
				await first.consumer.drain(background);
				await first.broker.close();
				if (first.recorder.ids.includes(later)) continue;
				const second = await lab.worker();
				await lab.handles(second.recorder, 1);
				expect(Date.now()).toBeGreaterThanOrEqual(at);
				await lab.settles(second);
				expect([...first.recorder.ids, ...second.recorder.ids]).toEqual([soon, later]);
				return;
			}
		},
	},
	{
		title: "an event that waited for its time never overlaps with another of its key",
		async run(lab, skip) {
			const topic = await lab.topic({ lanes: 1 });
			if (!topic.features.delay) return skip("the broker delays nothing");
			const notBefore = new Date(Date.now() + 300).toISOString();
			const recorder = new Recorder(async () => {
				await new Promise((resolve) => setImmediate(resolve));
				return done;
			});
			await lab.worker(recorder);
			await topic.publish(matchEvents("later", 20, { key: "a", notBefore }), background);
			for (const event of matchEvents("a", 200)) await topic.publish([event], background);
			await lab.handles(recorder, 220);
			expect(recorder.overlaps).toEqual([]);
			expect(recorder.firstOf("a").filter((id) => id.startsWith("a-"))).toEqual(idsOf(matchEvents("a", 200)));
		},
	},
	{
		title:
			"drain finishes what runs, saves it and gives the lanes up: a successor repeats nothing, and starts at once",
		async run(lab) {
			const topic = await lab.topic();
			const meeting = new Meeting(5);
			const first = new Recorder(async () => {
				await meeting.join();
				return done;
			});
			const { consumer, broker } = await lab.worker(first);
			await topic.publish(
				["a", "b", "c", "d"].map((key) => matchEvent(key, { key })),
				background,
			);
			await lab.eventually(() => expect(meeting.size).toBe(4));
			const draining = consumer.drain(background);
			meeting.open();
			await draining;
			await broker.close();
			expect(first.handled.sort()).toEqual(["a", "b", "c", "d"]);
			expect(first.ended).toBe(0);
			const second = await lab.worker();
			await topic.publish([matchEvent("next", { key: "a" })], background);
			await lab.handles(second.recorder, 1);
			await lab.settles(second);
			expect(second.recorder.ids).toEqual(["next"]);
		},
	},
	{
		title: "close ends at once: contexts end, and what was in hand is handled again",
		async run(lab) {
			const topic = await lab.topic();
			const first = new Recorder((_, ctx) => untilEnd(ctx));
			const { consumer } = await lab.worker(first);
			await topic.publish([matchEvent("1", { key: "a" })], background);
			await lab.eventually(() => expect(first.inHand).toBe(1));
			await consumer.close();
			await lab.eventually(() => expect(first.ended).toBe(1));
			const second = await lab.worker();
			await lab.handles(second.recorder, 1);
			expect(second.recorder.ids).toEqual(["1"]);
		},
	},
	{
		title: "a closed broker refuses what is asked of it; consumers and brokers close twice",
		async run(lab) {
			const broker = await lab.broker();
			const topic = await broker.open(topicName, { lanes: 1 }, background);
			const consumer = await lab.consume(broker, new Recorder(), { park: "event" });
			await consumer.close();
			await consumer.close();
			await consumer.drain(background);
			await broker.close();
			await broker.close();
			const refused = { code: "failed_precondition" };
			await expect(broker.open(topicName, {}, background)).rejects.toMatchObject(refused);
			await expect(topic.publish([matchEvent("1")], background)).rejects.toMatchObject(refused);
			const consuming = lab.consume(broker, new Recorder(), { park: "event" });
			await expect(consuming).rejects.toMatchObject(refused);
			await expect(parkedOf(broker)).rejects.toMatchObject(refused);
		},
	},
	{
		title: "nothing is left open after close",
		async run(lab) {
			const topic = await lab.topic();
			const before = await lab.openHandles();
			const recorder = new Recorder(({ attempt }) => (attempt === 1 ? retry(3_600_000) : done));
			const workers = [await lab.worker(recorder), await lab.worker(recorder, { group: "mails" })];
			await topic.publish(matchEvents("a", 3), background);
			await lab.eventually(() => expect(recorder.begun.length).toBeGreaterThanOrEqual(2));
			for (const { broker } of workers) await broker.close();
			await lab.leftNothing(before);
		},
	},
	{
		title:
			"lag is told in events and seconds: none when idle, some when slow, and what is retried and parked",
		async run(lab, skip) {
			const topic = await lab.topic({ lanes: 1 });
			const meeting = new Meeting(1_000);
			const recorder = new Recorder(async ({ event }) => {
				if (event.key === "bad") return park;
				if (event.key === "flaky") return retry(3_600_000);
				await meeting.join();
				return done;
			});
			const worker = await lab.worker(recorder, { concurrency: 4 });
			const told = () => worker.consumer.report(background);
			await lab.eventually(async () => expect((await told()).lag ?? 0).toBe(0));
			if ((await told()).lag === undefined) return skip("the broker does not know its lag");
			expect((await told()).lagSeconds ?? 0).toBe(0);
			const events = [matchEvent("bad", { key: "bad" }), matchEvent("flaky", { key: "flaky" })];
			await topic.publish([...events, ...matchEvents("a", 10)], background);
			await lab.eventually(async () => {
				const { lag, lagSeconds, parked, retrying } = await told();
				expect(lag).toBeGreaterThanOrEqual(10);
				expect(lagSeconds).toBeGreaterThan(0);
				expect([parked, retrying]).toEqual([1, 1]);
			}, 20);
			meeting.open();
			await lab.handles(recorder, 10);
			await lab.eventually(async () => expect((await told()).lag).toBeLessThanOrEqual(2), 20);
		},
	},
	{
		title: "a group that fell out of what its topic keeps says so, and does not jump silently",
		async run(lab, skip) {
			const bytes = 64 * 1024;
			const topic = await lab.topic({ lanes: 1, retainBytes: bytes });
			if (!topic.features.replay) return skip("the broker keeps nothing for groups that are late");
			const first = await lab.worker();
			await topic.publish([matchEvent("1", { key: "a" })], background);
			await lab.handles(first.recorder, 1);
			await first.consumer.drain(background);
			await first.broker.close();
			for (const event of matchEvents("b", 40, { data: "x".repeat(8_192) })) {
				await topic.publish([event], background);
			}
			const { log } = await lab.broker();
			await lab.eventually(async () => {
				await lab.setup.retain?.();
				const found = (await log?.find(topicName, background)) ?? expect.unreachable();
				const page = await found.read(new Map([[0, ""]]), { events: 1, bytes: 1 }, background);
				expect(page.lost).toEqual([0]);
			}, 50);
			const second = await lab.worker();
			await lab.eventually(async () => {
				expect((await second.consumer.report(background)).trouble).toMatch(/\w+/);
			}, 20);
			expect(second.recorder.ids).toEqual([]);
			expect((await second.broker.state?.groups(background))?.[0]).toMatchObject(rewards);
		},
	},
];

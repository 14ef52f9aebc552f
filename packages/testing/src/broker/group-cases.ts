import { isServiceError } from "@allium/core";
import { expect } from "vitest";
import { matchEvent, matchEvents } from "../log/match-event.ts";
import { RunningTime } from "../running-time.ts";
import type { BrokerCase } from "./broker-case.ts";
import { background, idsOf, longTtlMs, parkedOf, publishEach, topicName } from "./broker-lab.ts";
import { done, Recorder, retry } from "./recorder.ts";

/** Groups and their members. */
export const groupCases: readonly BrokerCase[] = [
	{
		title: "two groups each get all",
		async run(lab) {
			const topic = await lab.topic();
			const [rewards, mails] = [new Recorder(), new Recorder()];
			const { broker } = await lab.worker(rewards);
			await lab.consume(broker, mails, { group: "mails" });
			const events = [...matchEvents("a", 10), ...matchEvents("b", 10)];
			await topic.publish(events, background);
			for (const recorder of [rewards, mails]) {
				await lab.handles(recorder, 20);
				expect(recorder.ids.sort()).toEqual(idsOf(events).sort());
			}
		},
	},
	{
		title: "members share the work, and each event has one handler",
		async run(lab) {
			const topic = await lab.topic({ lanes: 6 });
			const workers = [await lab.worker(), await lab.worker(), await lab.worker()];
			for (const worker of workers) await lab.holds(worker, 2);
			const events = Array.from({ length: 300 }, (_, index) =>
				matchEvent(`e${index}`, { key: `k${index % 60}` }),
			);
			await topic.publish(events, background);
			const handled = (): string[] => workers.flatMap(({ recorder }) => recorder.handled);
			await lab.eventually(() => expect(handled()).toHaveLength(300));
			expect(handled().sort()).toEqual(idsOf(events).sort());
			for (const { recorder } of workers) expect(recorder.handled.length).toBeGreaterThan(0);
		},
	},
	{
		title: "each: every process gets all, from now on",
		async run(lab) {
			const topic = await lab.topic();
			await topic.publish([matchEvent("before")], background);
			const workers = [
				await lab.worker(new Recorder(), { each: true }),
				await lab.worker(new Recorder(), { each: true }),
			];
			const events = [...matchEvents("a", 5), ...matchEvents("b", 5)];
			await topic.publish(events, background);
			for (const { recorder } of workers) {
				await lab.handles(recorder, 10);
				expect(recorder.ids.sort()).toEqual(idsOf(events).sort());
			}
		},
	},
	{
		title: "events that nobody in the group handles are counted and passed over",
		async run(lab) {
			const topic = await lab.topic({ lanes: 1 });
			const worker = await lab.worker();
			const unknown = matchEvents("a", 3, { type: "matches.cancelled" });
			await topic.publish([...unknown, matchEvent("known", { key: "a" })], background);
			await lab.handles(worker.recorder, 1);
			expect(worker.recorder.ids).toEqual(["known"]);
			expect((await worker.consumer.report(background)).passedOver).toBe(3);
			await lab.settles(worker);
		},
	},
	{
		title: "an event of a type or version that only a newer member handles goes to that member",
		async run(lab) {
			const topic = await lab.topic({ lanes: 4 });
			const [old, young] = [new Recorder(), new Recorder()];
			const first = await lab.worker(old, { handles: { started: 1 } });
			await lab.holds(first, 4);
			await lab.worker(young, { handles: { started: 2, ended: 1 } });
			const events = ["a", "b", "c", "d", "e", "f"].flatMap((key) => [
				matchEvent(`${key}-1`, { key }),
				matchEvent(`${key}-2`, { key, version: 2 }),
				matchEvent(`${key}-3`, { key, type: "matches.ended" }),
			]);
			await publishEach(topic, events);
			const handled = (): string[] => [...old.handled, ...young.handled];
			await lab.eventually(() => expect(new Set(handled()).size).toBe(events.length));
			expect(old.begun.filter(({ event }) => !event.id.endsWith("-1"))).toEqual([]);
			for (const key of ["a", "b", "c", "d", "e", "f"]) {
				expect(young.firstOf(key).filter((id) => !id.endsWith("-1"))).toEqual([`${key}-2`, `${key}-3`]);
			}
			expect(await first.consumer.report(background)).toMatchObject({ passedOver: 0, parked: 0 });
		},
	},
	{
		title:
			"an event that no member handles yet waits, and goes to the first that does, while the others work on",
		async run(lab) {
			const topic = await lab.topic({ lanes: 4 });
			const old = new Recorder(({ event }) => (event.version > 1 ? retry(50, true) : done));
			await lab.worker(old, { handles: { started: 1 } });
			const events = ["a", "b", "c", "d", "e", "f"].map((key) => matchEvent(key, { key, version: 2 }));
			await publishEach(topic, events);
			await lab.eventually(() => expect(old.begun.length).toBeGreaterThan(0));
			const young = await lab.worker(new Recorder(), { handles: { started: 2 } });
			await lab.handles(young.recorder, events.length);
			expect(old.handled).toEqual([]);
			expect(await parkedOf(young.broker)).toEqual([]);
		},
	},
	{
		title: "a new group begins at the start, now, or at a time",
		async run(lab) {
			const topic = await lab.topic();
			await topic.publish(matchEvents("old", 3), background);
			const broker = await lab.broker();
			if (!topic.features.replay) {
				const refused = lab.consume(broker, new Recorder(), { group: "start", from: "start" });
				await expect(refused).rejects.toSatisfy(isServiceError);
				return;
			}
			const recorders = { start: new Recorder(), now: new Recorder(), epoch: new Recorder() };
			await lab.consume(broker, recorders.start, { group: "start", from: "start" });
			await lab.consume(broker, recorders.now, { group: "now", from: "now" });
			await lab.consume(broker, recorders.epoch, { group: "epoch", from: new Date(0) });
			await topic.publish([matchEvent("new", { key: "old" })], background);
			for (const recorder of [recorders.start, recorders.epoch]) {
				await lab.handles(recorder, 4);
				expect(recorder.ids).toEqual(["old-0", "old-1", "old-2", "new"]);
			}
			await lab.handles(recorders.now, 1);
			expect(recorders.now.ids).toEqual(["new"]);
		},
	},
	{
		title: "an old group goes on at its place, wherever it is told to begin",
		async run(lab) {
			const topic = await lab.topic();
			const first = await lab.worker();
			await topic.publish(matchEvents("a", 3), background);
			await lab.handles(first.recorder, 3);
			await first.consumer.drain(background);
			await first.broker.close();
			const missed = matchEvents("b", 3);
			await topic.publish(missed, background);
			const from = topic.features.replay ? "start" : "now";
			const second = await lab.worker(new Recorder(), { from });
			await lab.handles(second.recorder, 3);
			await lab.settles(second);
			expect(second.recorder.ids).toEqual(idsOf(missed));
		},
	},
	{
		title:
			"a group that is there before it first saves keeps its place: what came while nobody worked is handled",
		async run(lab) {
			const topic = await lab.topic();
			const first = await lab.worker();
			await first.broker.close();
			await topic.publish(matchEvents("a", 2), background);
			const second = await lab.worker();
			await lab.handles(second.recorder, 2);
			expect(second.recorder.ids).toEqual(["a-0", "a-1"]);
		},
	},
	{
		title: "a joiner has its share within two times to live, and nobody else pauses",
		async run(lab) {
			const topic = await lab.topic({ lanes: 8 });
			const recorder = new Recorder();
			const first = await lab.worker(recorder);
			await lab.holds(first, 8);
			const load = Array.from({ length: 400 }, (_, index) =>
				matchEvent(`e${index}`, { key: `k${index % 40}` }),
			);
			const publishing = publishEach(topic, load);
			const second = await lab.worker(recorder);
			using time = new RunningTime();
			await lab.holds(second, 4);
			await lab.holds(first, 4);
			expect(time.milliseconds).toBeLessThan(2 * longTtlMs);
			lab.figures.set("joiner has its share", `${Math.round(time.milliseconds)} ms`);
			await publishing;
			await lab.handles(recorder, 400);
			expect(recorder.handled).toHaveLength(400);
			expect(recorder.overlaps).toEqual([]);
		},
	},
	{
		title: "a leaver's lanes go to the others at once",
		async run(lab) {
			const topic = await lab.topic({ lanes: 4 });
			const [first, second] = [await lab.worker(), await lab.worker()];
			await lab.holds(first, 2);
			await lab.holds(second, 2);
			await first.consumer.drain(background);
			await first.broker.close();
			using time = new RunningTime();
			await lab.holds(second, 4);
			// Sooner than the lease would have run out.
			expect(time.milliseconds).toBeLessThan(longTtlMs / 2);
			const events = ["a", "b", "c", "d", "e"].map((key) => matchEvent(key, { key }));
			await topic.publish(events, background);
			await lab.handles(second.recorder, 5);
		},
	},
	{
		title: "a hundred groups of one topic each get all",
		async run(lab) {
			const topic = await lab.topic({ lanes: 2 });
			const broker = await lab.broker();
			const recorders = Array.from({ length: 100 }, () => new Recorder());
			for (const [index, recorder] of recorders.entries()) {
				await lab.consume(broker, recorder, { group: `g${index}` });
			}
			const events = matchEvents("a", 5);
			await topic.publish(events, background);
			for (const recorder of recorders) {
				await lab.handles(recorder, 5);
				expect(recorder.ids).toEqual(idsOf(events));
			}
		},
	},
	{
		title: "groups of one name on two topics do not mix",
		async run(lab) {
			const matches = await lab.topic();
			const { broker, recorder } = await lab.worker();
			const players = await broker.open("players", { lanes: 4 }, background);
			const ofPlayers = new Recorder();
			await lab.consume(broker, ofPlayers, { topic: "players" });
			await matches.publish([matchEvent("match")], background);
			await players.publish([matchEvent("player", { type: "players.started" })], background);
			await lab.handles(recorder, 1);
			await lab.handles(ofPlayers, 1);
			expect([recorder.ids, ofPlayers.ids]).toEqual([["match"], ["player"]]);
		},
	},
	{
		title: "a process that works on a group already is refused a second time",
		async run(lab) {
			await lab.topic();
			const { broker } = await lab.worker();
			await expect(lab.consume(broker, new Recorder())).rejects.toMatchObject({
				code: "failed_precondition",
				message: expect.stringContaining(topicName),
			});
		},
	},
];

import { expect } from "vitest";
import { matchEvent, matchEvents } from "../log/match-event.ts";
import { RunningTime } from "../running-time.ts";
import type { BrokerCase } from "./broker-case.ts";
import { background, idsOf, parkedOf } from "./broker-lab.ts";
import { done, type Handle, park, Recorder, retry } from "./recorder.ts";

/** Fails the first attempts of some events. */
function failing(ids: readonly string[], attempts: number, afterMs: number): Handle {
	return ({ event, attempt }) => (ids.includes(event.id) && attempt <= attempts ? retry(afterMs) : done);
}

/** Failing and trying again. */
export const failureCases: readonly BrokerCase[] = [
	{
		title:
			"a failing event is tried again, not before its delay nor much later, and its attempts are counted",
		async run(lab) {
			const topic = await lab.topic();
			const delayMs = 300;
			const times: number[] = [];
			const recorder = new Recorder(({ attempt }) => {
				times.push(performance.now());
				return attempt < 3 ? retry(delayMs) : done;
			});
			await lab.worker(recorder);
			await topic.publish([matchEvent("1", { key: "a" })], background);
			await lab.eventually(() => expect(recorder.begun).toHaveLength(1));
			using time = new RunningTime();
			await lab.handles(recorder, 1);
			expect(time.milliseconds).toBeLessThan(2 * delayMs + 2_000);
			expect(recorder.begun.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
			const [first = 0, second = 0, third = 0] = times;
			// A clock that counts whole milliseconds may be early by one.
			expect(Math.min(second - first, third - second)).toBeGreaterThanOrEqual(delayMs - 2);
		},
	},
	{
		title: "the later events of a failing key wait behind it",
		async run(lab) {
			const topic = await lab.topic({ lanes: 2 });
			const recorder = new Recorder(failing(["a-0", "a-3"], 2, 50));
			const worker = await lab.worker(recorder);
			const events = matchEvents("a", 8);
			await topic.publish(events, background);
			await lab.handles(recorder, 8);
			expect(recorder.handled).toEqual(idsOf(events));
			const before = ["a-0", "a-0", "a-0", "a-1", "a-2", "a-3", "a-3", "a-3"];
			expect(recorder.ids).toEqual([...before, "a-4", "a-5", "a-6", "a-7"]);
			await lab.settles(worker);
		},
	},
	{
		title: "while a key waits, all others of its lane go on",
		async run(lab) {
			const topic = await lab.topic({ lanes: 1 });
			const recorder = new Recorder(({ event }) => (event.key === "a" ? retry(3_600_000) : done));
			await lab.worker(recorder);
			const others = Array.from({ length: 300 }, (_, index) =>
				matchEvent(`e${index}`, { key: `k${index % 30}` }),
			);
			await topic.publish([...matchEvents("a", 3), ...others, matchEvent("a-4", { key: "a" })], background);
			await lab.handles(recorder, 300);
			expect(recorder.of("a-0")).toHaveLength(1);
			expect(recorder.begun.filter(({ event }) => event.key === "a")).toHaveLength(1);
		},
	},
	{
		title: "what came while a key waited is handled in order, and none is left out",
		async run(lab) {
			const topic = await lab.topic({ lanes: 1 });
			const recorder = new Recorder(failing(["a-0"], 3, 100));
			const worker = await lab.worker(recorder);
			const waiting = matchEvents("a", 500);
			await topic.publish(waiting.slice(0, 400), background);
			for (const event of waiting.slice(400)) await topic.publish([event], background);
			await lab.handles(recorder, 500);
			await lab.settles(worker);
			expect(recorder.handled).toEqual(idsOf(waiting));
			expect(recorder.overlaps).toEqual([]);
		},
	},
	{
		title: "a failure that is not the event's own does not count as an attempt",
		async run(lab) {
			const topic = await lab.topic();
			let failures = 4;
			const recorder = new Recorder(() => (failures-- > 0 ? retry(10, true) : done));
			await lab.worker(recorder);
			await topic.publish([matchEvent("1", { key: "a" })], background);
			await lab.handles(recorder, 1);
			expect(recorder.begun.map(({ attempt }) => attempt)).toEqual([1, 1, 1, 1, 1]);
		},
	},
	{
		title: "a failing event without a key holds up nothing, and is tried again",
		async run(lab) {
			const topic = await lab.topic({ lanes: 1 });
			const recorder = new Recorder(failing(["e0", "e1"], 1, 200));
			await lab.worker(recorder);
			const events = Array.from({ length: 20 }, (_, index) => matchEvent(`e${index}`));
			await topic.publish(events, background);
			await lab.handles(recorder, 20);
			expect(recorder.handled.slice(-2).sort()).toEqual(["e0", "e1"]);
		},
	},
	{
		title: "a failing event that a process leaves behind is tried again by another",
		async run(lab) {
			const topic = await lab.topic();
			const first = await lab.worker(new Recorder(() => retry(300)));
			await topic.publish(matchEvents("a", 3), background);
			await lab.eventually(() => expect(first.recorder.begun.length).toBeGreaterThan(0));
			await first.consumer.drain(background);
			await first.broker.close();
			const second = await lab.worker();
			await lab.handles(second.recorder, 3);
			expect(second.recorder.handled).toEqual(["a-0", "a-1", "a-2"]);
			if (topic.features.park === "key") expect(second.recorder.begun[0]?.attempt).toBeGreaterThan(1);
		},
	},
	{
		title: "half of all events are poisonous: the others are handled, and these are parked",
		async run(lab, skip) {
			const topic = await lab.topic();
			if (topic.features.park === false) return skip("the broker parks nothing");
			const isBad = (id: string): boolean => Number(id.slice(1)) % 2 === 1;
			const recorder = new Recorder(({ event }) => (isBad(event.id) ? park : done));
			const worker = await lab.worker(recorder);
			const events = Array.from({ length: 200 }, (_, index) => matchEvent(`e${index}`, { key: `k${index}` }));
			await topic.publish(events, background);
			await lab.handles(recorder, 100);
			await lab.eventually(async () => expect(await parkedOf(worker.broker)).toHaveLength(100), 20);
			expect(recorder.handled.filter(isBad)).toEqual([]);
			expect(recorder.begun).toHaveLength(200);
		},
	},
	{
		title:
			"so many failing keys that the bound is reached stop their lane, which says why and goes on after discard",
		async run(lab, skip) {
			const topic = await lab.topic({ lanes: 1 });
			if (topic.features.park !== "key") return skip("the broker defers nothing in a state of groups");
			const recorder = new Recorder(({ event }) => (event.key?.startsWith("bad") ? park : done));
			const worker = await lab.worker(recorder, { concurrency: 1 }, { deferredBound: 5 });
			const events = Array.from({ length: 12 }, (_, index) =>
				matchEvent(`e${index}`, { key: `bad-${index}` }),
			);
			await topic.publish([...events, matchEvent("good", { key: "good" })], background);
			await lab.eventually(async () => {
				expect((await worker.consumer.report(background)).trouble).toMatch(/\w+/);
			}, 20);
			expect(recorder.begun).toHaveLength(5);
			expect(recorder.handled).toEqual([]);
			await lab.eventually(async () => {
				await worker.broker.parking({ topic: topic.topic, group: "rewards" }).discard("all", background);
				expect(recorder.handled).toEqual(["good"]);
			}, 50);
		},
	},
];

import { expect } from "vitest";
import { matchEvent, matchEvents } from "../log/match-event.ts";
import type { BrokerCase } from "./broker-case.ts";
import { type BrokerLab, background, idsOf, parkedOf, rewards, type Worker } from "./broker-lab.ts";
import { done, park, Recorder, retry } from "./recorder.ts";

/** Parked events, and what operators do with them. */
export const parkingCases: readonly BrokerCase[] = [
	{
		title: "a parked event is listed with its error, attempts and times",
		async run(lab, skip) {
			const topic = await lab.topic();
			if (topic.features.park === false) return skip("the broker parks nothing");
			const before = Date.now();
			const recorder = new Recorder(({ attempt }) => (attempt < 3 ? retry(10) : park));
			const worker = await lab.worker(recorder);
			const event = matchEvent("1", { key: "a" });
			await topic.publish([event], background);
			await lab.eventually(async () => expect(await parkedOf(worker.broker)).toHaveLength(1), 20);
			const [parked] = await parkedOf(worker.broker);
			expect(parked).toMatchObject({
				attempt: 3,
				due: "parked",
				event,
				error: park.do === "park" && park.error,
			});
			expect(parked?.since).toBeGreaterThanOrEqual(before - 2_000);
			expect(parked?.since).toBeLessThanOrEqual(Date.now() + 2_000);
			expect((await worker.consumer.report(background)).parked ?? 1).toBe(1);
		},
	},
	{
		title: "a parked event holds its key, and no other",
		async run(lab, skip) {
			const held = await holding(lab);
			if (held === undefined) return skip("the broker holds no keys");
			const { topic, recorder } = held;
			await topic.publish([...matchEvents("b", 3), matchEvent("a-late", { key: "a" })], background);
			await lab.handles(recorder, 3);
			expect(recorder.handled).toEqual(["b-0", "b-1", "b-2"]);
			expect(recorder.begun.filter(({ event }) => event.key === "a")).toHaveLength(1);
		},
	},
	{
		title: "replay goes on exactly where the key was parked, in order, and says that it is one",
		async run(lab, skip) {
			const held = await holding(lab);
			if (held === undefined) return skip("the broker holds no keys");
			const { recorder, worker, heal } = held;
			heal();
			expect(await worker.broker.parking(rewards).replay({ keys: ["a"] }, background)).toBe(1);
			await lab.handles(recorder, 5);
			await lab.settles(worker);
			expect(recorder.handled).toEqual(["a-0", "a-1", "a-2", "a-3", "a-4"]);
			expect(recorder.overlaps).toEqual([]);
			expect(recorder.of("a-0").map(({ isReplay }) => isReplay)).toEqual([false, true]);
			expect(await parkedOf(worker.broker)).toEqual([]);
		},
	},
	{
		title: "replay twice is once",
		async run(lab, skip) {
			const held = await holding(lab);
			if (held === undefined) return skip("the broker holds no keys");
			const { recorder, worker, heal } = held;
			heal();
			const parking = worker.broker.parking(rewards);
			const counts = await Promise.all([
				parking.replay("all", background),
				parking.replay("all", background),
			]);
			expect(counts.sort()).toEqual([0, 1]);
			await lab.handles(recorder, 5);
			await lab.settles(worker);
			expect(recorder.handled).toHaveLength(5);
		},
	},
	{
		title: "before a topic forgets a parked event, the group warns, until somebody has seen to it",
		async run(lab, skip) {
			const retainMs = 6_000;
			const topic = await lab.topic({ lanes: 1, retainMs });
			if (topic.features.park !== "key") return skip("parked events are kept apart from their topic");
			const worker = await lab.worker(new Recorder(({ event }) => (event.key === "bad" ? park : done)));
			const { consumer, broker } = worker;
			await topic.publish([matchEvent("1", { key: "bad" }), matchEvent("2", { key: "good" })], background);
			await lab.eventually(async () => {
				const { keptForSeconds } = await consumer.report(background);
				expect(keptForSeconds).toBeLessThanOrEqual(retainMs / 1_000);
			}, 20);
			await lab.eventually(async () => {
				const { warning, trouble } = await consumer.report(background);
				expect(warning).toMatch(/lost.*: the topic keeps events for 6 s; 1 parked here.*allium parked list/);
				expect(trouble).toBeUndefined();
			}, 20);
			expect(await broker.parking(rewards).discard("all", background)).toBe(1);
			await lab.eventually(async () => {
				const { warning, keptForSeconds } = await consumer.report(background);
				expect({ warning, keptForSeconds }).toEqual({ warning: undefined, keptForSeconds: undefined });
			}, 20);
		},
	},
	{
		title: "a replay that fails again parks the event again, and its key stays held",
		async run(lab, skip) {
			const held = await holding(lab);
			if (held === undefined) return skip("the broker holds no keys");
			const { recorder, worker } = held;
			await worker.broker.parking(rewards).replay("all", background);
			await lab.eventually(() => expect(recorder.of("a-0")).toHaveLength(2));
			await lab.eventually(async () => expect(await parkedOf(worker.broker)).toHaveLength(1), 20);
			expect(recorder.ids).toEqual(["a-0", "a-0"]);
		},
	},
	{
		title: "discard removes the event, and lets its key go on",
		async run(lab, skip) {
			const held = await holding(lab);
			if (held === undefined) return skip("the broker holds no keys");
			const { recorder, worker } = held;
			expect(await worker.broker.parking(rewards).discard({ keys: ["a"] }, background)).toBe(1);
			await lab.handles(recorder, 4);
			await lab.settles(worker);
			expect(recorder.handled).toEqual(["a-1", "a-2", "a-3", "a-4"]);
			expect(recorder.of("a-0")).toHaveLength(1);
			expect(await parkedOf(worker.broker)).toEqual([]);
		},
	},
	{
		title: "a thousand events behind a parked one wait in the log, and are handled in order after replay",
		async run(lab, skip) {
			const held = await holding(lab);
			if (held === undefined) return skip("the broker holds no keys");
			const { topic, recorder, worker, heal } = held;
			const late = matchEvents("late", 1_000, { key: "a" });
			for (let from = 0; from < late.length; from += 100) {
				await topic.publish(late.slice(from, from + 100), background);
			}
			await topic.publish([matchEvent("other", { key: "b" })], background);
			await lab.handles(recorder, 1);
			expect(recorder.handled).toEqual(["other"]);
			const counts = await worker.broker.state?.group(rewards).counts(background);
			expect(counts?.parked ?? 1).toBe(1);
			expect(counts?.retrying ?? 0).toBe(0);
			heal();
			await worker.broker.parking(rewards).replay("all", background);
			await lab.handles(recorder, 1_006);
			expect(recorder.firstOf("a")).toEqual(["a-0", "a-1", "a-2", "a-3", "a-4", ...idsOf(late)]);
		},
	},
	{
		title: "what is kept of a failing event is its place, and not its data",
		async run(lab, skip) {
			const topic = await lab.topic({ lanes: 1 });
			const worker = await lab.worker(
				new Recorder(({ event }) => (event.key === "bad" ? park : retry(3_600_000))),
			);
			const group = worker.broker.state?.group(rewards);
			if (group === undefined) return skip("the broker has no state of groups");
			const data = { secret: "5c1f8a" };
			await topic.publish([matchEvent("1", { key: "bad", data }), matchEvent("2", { data })], background);
			await lab.eventually(async () => expect(await group.deferred(0, background)).toHaveLength(2), 20);
			expect(JSON.stringify(await group.deferred(0, background))).not.toContain(data.secret);
		},
	},
	{
		title: 'park: "event" does not hold the key',
		async run(lab, skip) {
			const topic = await lab.topic({ lanes: 1 });
			if (topic.features.park === false) return skip("the broker parks nothing");
			const recorder = new Recorder(({ event }) => (event.id === "a-0" ? park : done));
			const worker = await lab.worker(recorder, { park: "event" });
			await topic.publish(matchEvents("a", 4), background);
			await lab.handles(recorder, 3);
			expect(recorder.handled).toEqual(["a-1", "a-2", "a-3"]);
			await lab.eventually(async () => expect(await parkedOf(worker.broker)).toHaveLength(1), 20);
		},
	},
	{
		title: "a group that wants parked events to hold their key is refused where that cannot be",
		async run(lab, skip) {
			const topic = await lab.topic();
			if (topic.features.park === "key") return skip("the broker holds keys");
			const broker = await lab.broker();
			const refused = lab.consume(broker, new Recorder(), { park: "key" });
			await expect(refused).rejects.toMatchObject({ code: "failed_precondition" });
		},
	},
	{
		title: "an event without a key is parked by itself",
		async run(lab, skip) {
			const topic = await lab.topic({ lanes: 1 });
			if (topic.features.park === false) return skip("the broker parks nothing");
			const recorder = new Recorder(({ event }) => (event.id === "bad" ? park : done));
			const worker = await lab.worker(recorder);
			await topic.publish([matchEvent("bad"), matchEvent("good")], background);
			await lab.handles(recorder, 1);
			await lab.eventually(async () => expect(await parkedOf(worker.broker)).toHaveLength(1), 20);
			const [parked] = await parkedOf(worker.broker);
			expect(parked?.event?.id).toBe("bad");
		},
	},
	{
		title: "the parking lot is of its group, comes in pages, and survives restarts",
		async run(lab, skip) {
			const topic = await lab.topic();
			if (topic.features.park === false) return skip("the broker parks nothing");
			const worker = await lab.worker(new Recorder(() => park));
			const other = new Recorder();
			await lab.consume(worker.broker, other, { group: "mails" });
			const events = Array.from({ length: 25 }, (_, index) => matchEvent(`e${index}`, { key: `k${index}` }));
			await topic.publish(events, background);
			await lab.handles(other, 25);
			await lab.eventually(async () => expect(await parkedOf(worker.broker)).toHaveLength(25), 20);
			await worker.broker.close();
			const later = await lab.broker();
			expect(await parkedOf(later, { topic: topic.topic, group: "mails" })).toEqual([]);
			const listed: string[] = [];
			let after: string | undefined;
			do {
				const page = { limit: 10, ...(after !== undefined && { after }) };
				const { items, next } = await later.parking(rewards).list(page, background);
				expect(items.length).toBeLessThanOrEqual(10);
				listed.push(...items.map(({ event }) => event?.id ?? ""));
				after = next;
			} while (after !== undefined);
			expect(listed.sort()).toEqual(idsOf(events).sort());
		},
	},
];

interface Held {
	readonly topic: Awaited<ReturnType<BrokerLab["topic"]>>;
	readonly recorder: Recorder;
	readonly worker: Worker;
	/** Makes `a-0` succeed from now on. */
	heal(): void;
}

/**
 * A group in which `a-0` is parked and holds back four more events of its key. Undefined if the broker does not hold
 * keys.
 */
async function holding(lab: BrokerLab): Promise<Held | undefined> {
	const topic = await lab.topic({ lanes: 1 });
	if (topic.features.park !== "key") return undefined;
	let isHealed = false;
	const recorder = new Recorder(({ event }) => (event.id === "a-0" && !isHealed ? park : done));
	const worker = await lab.worker(recorder);
	await topic.publish(matchEvents("a", 5), background);
	await lab.eventually(async () => expect(await parkedOf(worker.broker)).toHaveLength(1), 20);
	expect(recorder.ids).toEqual(["a-0"]);
	return {
		topic,
		recorder,
		worker,
		heal: () => {
			isHealed = true;
		},
	};
}

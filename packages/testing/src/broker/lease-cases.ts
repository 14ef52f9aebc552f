import { expect } from "vitest";
import { matchEvent, matchEvents } from "../log/match-event.ts";
import { pause } from "../suite/eventually.ts";
import { steadyRound } from "../suite/steady-round.ts";
import type { BrokerCase } from "./broker-case.ts";
import { background } from "./broker-lab.ts";
import { done, type Handle, Recorder, untilEnd } from "./recorder.ts";

/** Lanes that are lost and taken. */
export const leaseCases: readonly BrokerCase[] = [
	{
		title: "a handler that takes longer than the time to live runs once",
		async run(lab) {
			const { ttlMs } = lab.setup;
			const topic = await lab.topic();
			await steadyRound(ttlMs / 3, async (round) => {
				const [slow, next] = [`slow-${round}`, `next-${round}`];
				const recorder = new Recorder(async ({ event }) => {
					if (event.id === slow) await pause(2.5 * ttlMs);
					return done;
				});
				const group = `rewards-${round}`;
				await lab.worker(recorder, { group }, { ttlMs });
				await lab.worker(recorder, { group }, { ttlMs });
				await topic.publish([matchEvent(slow, { key: "a" }), matchEvent(next, { key: "a" })], background);
				await lab.handles(recorder, 2);
				expect(recorder.ids).toEqual([slow, next]);
				expect(recorder.ended).toBe(0);
			});
		},
	},
	{
		title: "a process that is cut off for longer than its time to live stops handling by its own clock",
		async run(lab, skip) {
			const cut = await lab.cutBroker();
			if (cut === undefined) return skip("the setup cannot cut a process off");
			const topic = await lab.topic();
			const recorder = new Recorder((_, ctx) => untilEnd(ctx));
			await lab.consume(cut.broker, recorder);
			await topic.publish([matchEvent("1", { key: "a" })], background);
			await lab.eventually(() => expect(recorder.inHand).toBe(1));
			cut.cut();
			await lab.eventually(() => expect(recorder.ended).toBe(1));
			expect(recorder.handled).toEqual([]);
		},
	},
	{
		title: "what a process that was cut off saves too late changes nothing: its successor's work stands",
		async run(lab, skip) {
			const cut = await lab.cutBroker();
			if (cut === undefined) return skip("the setup cannot cut a process off");
			const topic = await lab.topic({ lanes: 1 });
			if (!topic.features.fenced) return skip("the broker does not refuse the late");
			const late = new Recorder(({ event }, ctx) => {
				if (event.id !== "a-0") return untilEnd(ctx);
				// The event is handled, but its save waits.
				cut.cut();
				return done;
			});
			await lab.consume(cut.broker, late);
			await topic.publish(matchEvents("a", 6), background);
			await lab.eventually(() => expect(late.handled).toContain("a-0"));
			const successor = await lab.worker(new Recorder(), {}, { ttlMs: lab.setup.ttlMs });
			await lab.eventually(() => expect(successor.recorder.handled).toContain("a-5"));
			await successor.consumer.drain(background);
			await successor.broker.close();
			cut.heal();
			await cut.broker.close();
			const third = await lab.worker();
			await topic.publish([matchEvent("next", { key: "a" })], background);
			await lab.handles(third.recorder, 1);
			expect(third.recorder.ids).toEqual(["next"]);
		},
	},
	{
		title: "a process that was cut off gives its lanes up whole: no key is stuck, and each is in order",
		async run(lab, skip) {
			const cut = await lab.cutBroker();
			if (cut === undefined) return skip("the setup cannot cut a process off");
			const topic = await lab.topic({ lanes: 2 });
			const keys = ["a", "b", "c", "d", "e", "f"];
			let isCut = false;
			const slow: Handle = async () => {
				await pause(5);
				return done;
			};
			const first = new Recorder((delivered, ctx) =>
				delivered.event.id.endsWith("-5") && !isCut ? untilEnd(ctx) : slow(delivered, ctx),
			);
			const second = new Recorder(slow);
			const consumer = await lab.consume(cut.broker, first);
			for (const key of keys) await topic.publish(matchEvents(key, 20), background);
			await lab.eventually(() => expect(first.inHand).toBe(keys.length));
			cut.cut();
			await lab.worker(second, {}, { ttlMs: lab.setup.ttlMs });
			await lab.handles(second, keys.length * 15);
			isCut = true;
			cut.heal();
			// The member has its share again.
			await lab.eventually(async () => expect((await consumer.report(background)).lanes).toBe(1));
			for (const key of keys) {
				const late = matchEvents(`${key}-late`, 3, { key });
				await topic.publish(late, background);
			}
			const all = (): Set<string> => new Set([...first.handled, ...second.handled]);
			await lab.eventually(() => expect(all().size).toBe(keys.length * 23));
			expect(first.overlaps).toEqual([]);
			expect(second.overlaps).toEqual([]);
			for (const key of keys) {
				const order = second.firstOf(key);
				expect(order).toEqual([...order].sort(byNumber(key)));
			}
		},
	},
	{
		title: "a process that is cut off for less than its time to live repeats nothing",
		async run(lab, skip) {
			const cut = await lab.cutBroker();
			if (cut === undefined) return skip("the setup cannot cut a process off");
			const topic = await lab.topic({ lanes: 2 });
			await steadyRound(lab.setup.ttlMs / 3, async (round) => {
				const recorder = new Recorder();
				await lab.consume(cut.broker, recorder, { group: `rewards-${round}` });
				await topic.publish(matchEvents(`a${round}`, 10), background);
				await lab.handles(recorder, 10);
				cut.cut();
				await pause(lab.setup.ttlMs / 10);
				cut.heal();
				await topic.publish(matchEvents(`b${round}`, 10), background);
				await lab.handles(recorder, 20);
				expect(recorder.handled).toHaveLength(20);
			});
		},
	},
	{
		title: "each claim of a lane has a greater epoch, which handlers are told",
		async run(lab, skip) {
			const topic = await lab.topic({ lanes: 1 });
			if (!topic.features.fenced) return skip("the broker has no epochs");
			const recorder = new Recorder();
			for (let round = 0; round < 4; round++) {
				const worker = await lab.worker(recorder);
				await topic.publish([matchEvent(`e${round}`, { key: "a" })], background);
				await lab.handles(recorder, round + 1);
				await worker.consumer.drain(background);
				await worker.broker.close();
			}
			const epochs = recorder.begun.map(({ epoch }) => epoch);
			expect(new Set(epochs).size).toBe(epochs.length);
			expect(epochs).toEqual([...epochs].sort((one, other) => one - other));
		},
	},
];

/** Orders the ids of a key as they were published: `a-0` to `a-19`, then `a-late-0` and so on. */
function byNumber(key: string): (one: string, other: string) => number {
	const place = (id: string): number => {
		const rest = id.slice(key.length + 1);
		return rest.startsWith("late-") ? 1_000 + Number(rest.slice(5)) : Number(rest);
	};
	return (one, other) => place(one) - place(other);
}

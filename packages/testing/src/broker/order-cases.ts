import type { Context } from "@allium/core";
import type { Verdict } from "@allium/core/event";
import { expect } from "vitest";
import { matchEvent, matchEvents } from "../log/match-event.ts";
import { pause } from "../suite/eventually.ts";
import type { BrokerCase } from "./broker-case.ts";
import { background, idsOf, type Worker } from "./broker-lab.ts";
import { done, type Handle, Meeting, Recorder, untilEnd } from "./recorder.ts";

/** The longest time that a handler takes, in milliseconds. */
const longestMs = 4;

const slowly: Handle = async () => {
	await pause(Math.random() * longestMs);
	return done;
};

const keys: readonly string[] = Array.from({ length: 100 }, (_, index) => `k${index}`);

/** One event of a key after another, in order. */
export const orderCases: readonly BrokerCase[] = [
	{
		title: "100 keys of 100 events, 16 at once: each key one after another, in order",
		async run(lab) {
			const topic = await lab.topic({ lanes: 8 });
			const recorder = new Recorder(slowly);
			await lab.worker(recorder);
			for (let round = 0; round < 100; round += 10) {
				// Publishes the keys side by side, so that they would overlap if they could.
				const events = keys.flatMap((key) =>
					Array.from({ length: 10 }, (_, index) => matchEvent(`${key}-${round + index}`, { key })),
				);
				await topic.publish(events, background);
			}
			await lab.handles(recorder, 10_000);
			expect(recorder.overlaps).toEqual([]);
			for (const key of keys) {
				const inOrder = Array.from({ length: 100 }, (_, index) => `${key}-${index}`);
				expect(recorder.firstOf(key)).toEqual(inOrder);
			}
			expect(recorder.handled).toHaveLength(10_000);
		},
		timeoutMs: 180_000,
	},
	{
		title: "two keys are handled at once",
		async run(lab) {
			const topic = await lab.topic({ lanes: 1 });
			const meeting = new Meeting(2);
			const recorder = new Recorder(async () => {
				await meeting.join();
				return done;
			});
			await lab.worker(recorder);
			await topic.publish([matchEvent("1", { key: "a" }), matchEvent("2", { key: "b" })], background);
			await lab.handles(recorder, 2);
		},
	},
	{
		title: "the order of a key holds across types of events",
		async run(lab) {
			const topic = await lab.topic();
			const recorder = new Recorder(slowly);
			await lab.worker(recorder);
			const events = Array.from({ length: 40 }, (_, index) =>
				matchEvent(`e${index}`, { key: "a", type: index % 2 === 0 ? "matches.started" : "matches.ended" }),
			);
			await topic.publish(events, background);
			await lab.handles(recorder, 40);
			expect(recorder.firstOf("a")).toEqual(idsOf(events));
			expect(recorder.overlaps).toEqual([]);
		},
	},
	{
		title: "the order of a key holds while members join and leave",
		async run(lab) {
			const topic = await lab.topic({ lanes: 8 });
			const recorder = new Recorder(slowly);
			const steady = await lab.worker(recorder);
			const some = keys.slice(0, 20);
			let passing: Worker | undefined;
			for (let round = 0; round < 30; round++) {
				await topic.publish(
					some.map((key) => matchEvent(`${key}-${round}`, { key })),
					background,
				);
				if (round % 3 !== 0) continue;
				await passing?.consumer.drain(background);
				await passing?.broker.close();
				passing = await lab.worker(recorder);
				const joined = passing;
				await lab.eventually(async () => {
					expect((await joined.consumer.report(background)).lanes).toBeGreaterThan(0);
				});
			}
			await lab.handles(recorder, 600);
			await lab.settles(steady);
			expect(recorder.overlaps).toEqual([]);
			for (const key of some) {
				expect(recorder.firstOf(key)).toEqual(Array.from({ length: 30 }, (_, round) => `${key}-${round}`));
			}
		},
		timeoutMs: 180_000,
	},
	{
		title: "a process that ends in the middle of a key leaves the order as it was",
		async run(lab) {
			const topic = await lab.topic({ lanes: 2 });
			const stuck = new Recorder(({ event }, ctx) => (event.id === "a-2" ? untilEnd(ctx) : done));
			const first = await lab.worker(stuck);
			await topic.publish(matchEvents("a", 6), background);
			await lab.eventually(() => expect(stuck.ids).toContain("a-2"));
			await first.consumer.close();
			const second = await lab.worker();
			await lab.eventually(() => expect(second.recorder.handled.at(-1)).toBe("a-5"));
			expect(second.recorder.handled.slice(-4)).toEqual(["a-2", "a-3", "a-4", "a-5"]);
			expect(second.recorder.overlaps).toEqual([]);
		},
	},
	{
		title: "what was in hand when its process ended is handled, though later events were handled before",
		async run(lab) {
			const topic = await lab.topic({ lanes: 1 });
			// It ends once its lane has been given back, so that nothing is known of it there.
			const slow = async (ctx: Context): Promise<Verdict> => {
				const verdict = await untilEnd(ctx);
				await pause(100);
				return verdict;
			};
			const stuck = new Recorder(({ event }, ctx) => (event.key === "slow" ? slow(ctx) : done));
			const first = await lab.worker(stuck);
			await topic.publish([matchEvent("slow", { key: "slow" }), ...matchEvents("a", 400)], background);
			await lab.handles(stuck, 400);
			await first.consumer.close();
			const second = await lab.worker();
			await lab.eventually(() => expect(second.recorder.handled).toContain("slow"));
		},
	},
	{
		title: "events without a key run freely",
		async run(lab) {
			const topic = await lab.topic({ lanes: 2 });
			const meeting = new Meeting(8);
			const recorder = new Recorder(async () => {
				await meeting.join();
				return done;
			});
			await lab.worker(recorder, { concurrency: 8 });
			const events = Array.from({ length: 8 }, (_, index) => matchEvent(`e${index}`));
			await topic.publish(events, background);
			await lab.handles(recorder, 8);
		},
	},
];

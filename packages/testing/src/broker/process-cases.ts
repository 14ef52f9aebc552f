import type { BrokerTopic } from "@allium/core/event";
import { expect } from "vitest";
import { matchEvents } from "../log/match-event.ts";
import { RunningTime } from "../running-time.ts";
import { pause } from "../suite/eventually.ts";
import type { BrokerCase } from "./broker-case.ts";
import { background, idsOf, longTtlMs, rewards } from "./broker-lab.ts";
import { GroupProcesses } from "./group-processes.ts";

const keys = ["a", "b", "c", "d", "e", "f", "g", "h"];

/** Publishes some events of each key. Returns their ids by key, in order. */
async function publishRound(
	topic: BrokerTopic,
	round: string,
	count: number,
): Promise<Map<string, string[]>> {
	const ids = new Map<string, string[]>();
	for (const key of keys) {
		const events = matchEvents(`${key}-${round}`, count, { key });
		await topic.publish(events, background);
		ids.set(key, idsOf(events));
	}
	return ids;
}

function together(...rounds: readonly ReadonlyMap<string, readonly string[]>[]): Map<string, string[]> {
	return new Map(keys.map((key) => [key, rounds.flatMap((round) => round.get(key) ?? [])]));
}

function parkOf({ features }: BrokerTopic): "key" | "event" {
	return features.park === "key" ? "key" : "event";
}

/** Processes that are killed and suspended, and whose clocks differ. */
export const processCases: readonly BrokerCase[] = [
	{
		title: "the lanes of a process that is killed go to others, which lose nothing and keep the order",
		needs: ["program"],
		async run(lab) {
			const topic = await lab.topic();
			const processes = new GroupProcesses(lab);
			const [victim] = [
				await processes.start(parkOf(topic), { handleMs: 5 }),
				await processes.start(parkOf(topic), { handleMs: 5 }),
			];
			const before = await publishRound(topic, "before", 20);
			await lab.eventually(() => expect(processes.handled([victim]).length).toBeGreaterThan(5));
			victim.signal("SIGKILL");
			using time = new RunningTime();
			const after = await publishRound(topic, "after", 5);
			await processes.handledInOrder(together(before, after));
			lab.figures.set("all is handled after kill -9 of a process", `${Math.round(time.milliseconds)} ms`);
		},
	},
	{
		title:
			"a process that is suspended beyond its time to live holds nothing up, and spoils nothing when it wakes",
		needs: ["program"],
		async run(lab) {
			const topic = await lab.topic();
			const processes = new GroupProcesses(lab);
			const [suspended] = [
				await processes.start(parkOf(topic), { handleMs: 5 }),
				await processes.start(parkOf(topic), { handleMs: 5 }),
			];
			const before = await publishRound(topic, "before", 20);
			await lab.eventually(() => expect(processes.handled([suspended]).length).toBeGreaterThan(5));
			suspended.signal("SIGSTOP");
			const during = await publishRound(topic, "during", 5);
			await processes.handledInOrder(together(before, during), suspended);
			suspended.signal("SIGCONT");
			const after = await publishRound(topic, "after", 5);
			await processes.handledInOrder(together(before, during, after));
		},
	},
	{
		title: "an event that ends the process of whatever handles it is parked, and the others are handled",
		needs: ["program"],
		async run(lab, skip) {
			const topic = await lab.topic();
			if (!topic.features.fenced) return skip("the broker does not count the crashes of an event");
			const deadlyId = "deadly-0";
			const processes = new GroupProcesses(lab);
			let isRunning = false;
			const begin = async (): Promise<void> => {
				const process = await processes.start(parkOf(topic), { deadlyId });
				isRunning = true;
				void process.ended().then(() => {
					isRunning = false;
				});
			};
			await begin();
			await topic.publish(matchEvents("deadly", 1, { key: "deadly" }), background);
			const others = await publishRound(topic, "others", 10);
			const parking = (await lab.broker()).parking(rewards);
			await lab.eventually(async () => {
				if (!isRunning) await begin();
				const { items } = await parking.list({ limit: 10 }, background);
				expect(items.map(({ event, error }) => [event?.id, error?.reason])).toEqual([
					[deadlyId, "process_ended"],
				]);
			}, 20);
			if (!isRunning) await begin();
			await processes.handledInOrder(others);
			expect(processes.handled()).not.toContain(deadlyId);
		},
	},
	{
		title: "a process that is suspended within its time to live repeats nothing",
		needs: ["program"],
		async run(lab) {
			const topic = await lab.topic();
			const processes = new GroupProcesses(lab);
			const [suspended, other] = [
				await processes.start(parkOf(topic), { ttlMs: longTtlMs }),
				await processes.start(parkOf(topic), { ttlMs: longTtlMs }),
			];
			let ids = await publishRound(topic, "before", 3);
			await lab.eventually(() => expect(processes.handled([suspended])).not.toEqual([]));
			let suspendedMs = Number.POSITIVE_INFINITY;
			// Where the other has no lanes yet, or the machine is busy, it may be suspended for longer than it may: once more.
			for (let round = 0; suspendedMs > longTtlMs / 2; round++) {
				const { repeats } = processes;
				const others = processes.handled([other]).length;
				const stoppedAt = performance.now();
				suspended.signal("SIGSTOP");
				ids = together(ids, await publishRound(topic, `during-${round}`, 3));
				await lab.eventually(() => expect(processes.handled([other]).length).toBeGreaterThan(others));
				suspended.signal("SIGCONT");
				suspendedMs = performance.now() - stoppedAt;
				ids = together(ids, await publishRound(topic, `after-${round}`, 3));
				await processes.handledInOrder(ids);
				if (suspendedMs <= longTtlMs / 2) expect(processes.repeats).toBe(repeats);
			}
		},
	},
	{
		title: "processes whose clocks are 30 s apart share a group, and repeat nothing",
		needs: ["program"],
		async run(lab) {
			const topic = await lab.topic();
			const processes = new GroupProcesses(lab);
			for (const clockMs of [30_000, 0]) await processes.start(parkOf(topic), { ttlMs: longTtlMs, clockMs });
			const first = await publishRound(topic, "first", 3);
			await processes.handledInOrder(first);
			await processes.start(parkOf(topic), { ttlMs: longTtlMs, clockMs: -30_000 });
			const second = await publishRound(topic, "second", 3);
			await processes.handledInOrder(together(first, second));
			expect(processes.handled()).toHaveLength(keys.length * 6);
		},
	},
	{
		title: "an outage of the way to the server loses nothing that was acknowledged, and hangs nobody",
		needs: ["target"],
		async run(lab) {
			const direct = await lab.topic();
			const proxy = await lab.proxy();
			const { ttlMs } = lab.setup;
			const worker = await lab.worker(undefined, {}, { ttlMs, target: proxy.url });
			const topic = await worker.broker.open(direct.topic, {}, background);
			const before = await publishRound(topic, "before", 3);
			const refusal = proxy.add({ fault: "refuse" });
			proxy.cut("reset");
			const publishing = topic.publish(matchEvents("z", 1), background.withTimeout(1_000));
			await expect(publishing).rejects.toMatchObject({
				code: expect.stringMatching(/^(unavailable|deadline_exceeded)$/),
			});
			const during = await publishRound(direct, "during", 3);
			await pause(2 * ttlMs);
			refusal.remove();
			const after = await publishRound(direct, "after", 3);
			const ids = together(before, during, after);
			const { recorder } = worker;
			await lab.eventually(() => {
				const handled = new Set(recorder.handled);
				expect([...ids.values()].flat().filter((id) => !handled.has(id))).toEqual([]);
			}, 20);
			for (const [key, ofKey] of ids) expect(recorder.firstOf(key)).toEqual(ofKey);
			expect(recorder.overlaps).toEqual([]);
		},
	},
	{
		title: "what was acknowledged is handled, in order, when the server is killed under load",
		needs: ["outage"],
		async run(lab) {
			const { ttlMs } = lab.setup;
			const topic = await lab.topic();
			const first = await lab.worker(undefined, {}, { ttlMs });
			const acknowledged = new Map<string, string[]>();
			let isOver = false;
			const load = async (key: string): Promise<void> => {
				for (let count = 0; !isOver; ) {
					const [event] = matchEvents(`${key}-${count}`, 1, { key });
					try {
						await topic.publish(event === undefined ? [] : [event], background.withTimeout(2_000));
						acknowledged.set(key, [...(acknowledged.get(key) ?? []), event?.id ?? ""]);
						count++;
					} catch {
						await pause(20);
					}
				}
			};
			const loads = Promise.all(keys.map(load));
			await lab.handles(first.recorder, 50);
			await lab.outage.kill();
			await lab.outage.restart();
			const back = new Set(first.recorder.handled).size;
			await lab.handles(first.recorder, back + 50);
			isOver = true;
			await loads;
			await lab.eventually(() => {
				const handled = new Set(first.recorder.handled);
				expect([...acknowledged.values()].flat().filter((id) => !handled.has(id))).toEqual([]);
			}, 20);
			for (const [key, ids] of acknowledged) {
				expect(first.recorder.firstOf(key).filter((id) => ids.includes(id))).toEqual(ids);
			}
		},
	},
];

import { expect } from "vitest";
import type { LogCase } from "./log-case.ts";
import { background, readAll, topicName } from "./log-lab.ts";
import { idOf, matchEvent, matchEvents } from "./match-event.ts";

/** Opening and closing. */
export const openingCases: readonly LogCase[] = [
	{
		title: "a topic that is missing is not found, and is there once it was opened",
		async run(lab) {
			const [left, right] = [await lab.open(), await lab.open()];
			expect(await left.find(topicName, background)).toBeUndefined();
			expect(await left.topics(background)).toEqual([]);
			await right.open(topicName, { lanes: 3 }, background);
			const found = (await left.find(topicName, background)) ?? expect.unreachable();
			expect([found.topic, found.lanes]).toEqual([topicName, 3]);
			expect(await left.topics(background)).toEqual([topicName]);
		},
	},
	{
		title: "a topic keeps its lanes, whatever is asked for later",
		async run(lab) {
			const topic = await lab.topic({ lanes: 3 });
			await topic.append(matchEvents("a", 3), background);
			const again = await lab.topic({ lanes: 8 });
			expect(again.lanes).toBe(3);
			expect((await readAll(again)).map(idOf)).toEqual(["a-0", "a-1", "a-2"]);
		},
	},
	{
		title: "a topic that says nothing of lanes has 16",
		async run(lab) {
			expect((await lab.topic({})).lanes).toBe(16);
		},
	},
	{
		title: "ten handles that open a topic at once open the same",
		async run(lab) {
			const logs = await Promise.all(Array.from({ length: 10 }, () => lab.open()));
			const topics = await Promise.all(
				logs.map((log, index) => log.open(topicName, { lanes: index + 1 }, background)),
			);
			expect(new Set(topics.map(({ lanes }) => lanes)).size).toBe(1);
			await Promise.all(topics.map((topic, index) => topic.append([matchEvent(`e${index}`)], background)));
			for (const topic of topics) expect(await readAll(topic)).toHaveLength(10);
		},
	},
	{
		title: "a log says what it guarantees, the same through every handle",
		async run(lab) {
			const [left, right] = [await lab.topic(), await lab.topic()];
			expect(left.features).toEqual(right.features);
			expect(["disk", "replicas", "later"]).toContain(left.features.syncs);
			expect(left.features.dedupeMs).toBeGreaterThanOrEqual(0);
			expect(left.features.maxEventBytes).toBeGreaterThanOrEqual(64 * 1024);
		},
	},
	{
		title: "a closed log refuses what is asked of it, and closes twice",
		async run(lab) {
			const log = await lab.open();
			const topic = await log.open(topicName, { lanes: 1 }, background);
			const start = await topic.at("start", background);
			await log.close();
			await log.close();
			const asked = [
				() => log.open(topicName, {}, background),
				() => log.find(topicName, background),
				() => log.topics(background),
				() => topic.append([matchEvent("1")], background),
				() => topic.read(start, { events: 1, bytes: 1 }, background),
				() => topic.get([{ lane: 0, cursor: "" }], background),
				() => topic.at("now", background),
				() => topic.behind(start, background),
				() => topic.diverged(start, background),
				() => topic.changed(start, background),
			];
			for (const ask of asked) {
				await expect(ask(), String(ask)).rejects.toMatchObject({ code: "failed_precondition" });
			}
			expect(await readAll(await lab.topic())).toEqual([]);
		},
	},
	{
		title: "nothing is left open after close",
		async run(lab) {
			const before = await lab.openHandles();
			const logs = [await lab.open(), await lab.open()];
			for (const log of logs) {
				const topic = await log.open(topicName, { lanes: 4 }, background);
				await topic.append([matchEvent("1")], background);
				await readAll(topic);
				const now = await topic.at("now", background);
				await topic.changed(now, background.withTimeout(50)).catch(() => {});
			}
			for (const log of logs) await log.close();
			await lab.leftNothing(before);
		},
	},
];

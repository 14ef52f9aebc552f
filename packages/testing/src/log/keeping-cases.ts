import type { Cursors } from "@allium/core/event";
import { expect } from "vitest";
import type { LogCase } from "./log-case.ts";
import { background, only, readAll, topicName } from "./log-lab.ts";
import { idOf, matchEvent, matchEvents } from "./match-event.ts";

const dayMs = 86_400_000;
const kibibyte = 1024;

/** Retention, and the identity of a topic. */
export const keepingCases: readonly LogCase[] = [
	{
		title: "what retention by size took is told as lost, and reading goes on at what is kept",
		async run(lab) {
			const topic = await lab.topic({ lanes: 1, retainBytes: 64 * kibibyte });
			const events = matchEvents("a", 40, { data: "x".repeat(8 * kibibyte) });
			for (const event of events) await topic.append([event], background);
			await lab.eventually(async () => {
				await lab.setup.retain?.();
				const page = await topic.read(new Map([[0, ""]]), { events: 100, bytes: 1e9 }, background);
				expect(page.lost).toEqual([0]);
			}, 50);
			const kept = await readAll(topic, new Map([[0, ""]]));
			expect(kept.map(idOf)).toEqual(events.slice(-kept.length).map(({ id }) => id));
			expect(kept.length).toBeGreaterThan(0);
		},
	},
	{
		title: "a topic tells how long it keeps events, whatever later openers ask for",
		async run(lab) {
			const made = await lab.topic({ lanes: 1, retainMs: 7 * dayMs });
			expect(made.retainMs).toBe(7 * dayMs);
			const again = await lab.topic({ lanes: 1, retainMs: dayMs });
			expect(again.retainMs).toBe(7 * dayMs);
			const log = await lab.open();
			const always = await log.open("always", { retainMs: Number.POSITIVE_INFINITY }, background);
			expect(always.retainMs).toBe(Number.POSITIVE_INFINITY);
		},
	},
	{
		title: "what retention by time took is told as lost",
		async run(lab) {
			const topic = await lab.topic({ lanes: 1, retainMs: 1_000 });
			await topic.append([matchEvent("old", { key: "a" })], background);
			await lab.eventually(async () => {
				await lab.setup.retain?.();
				const page = await topic.read(new Map([[0, ""]]), { events: 100, bytes: 1e9 }, background);
				expect(page.lost).toEqual([0]);
			}, 50);
		},
	},
	{
		title: "a reader that has seen what retention took has lost nothing, and is on the same log",
		async run(lab) {
			const topic = await lab.topic({ lanes: 1, retainBytes: 64 * kibibyte });
			const large = "x".repeat(8 * kibibyte);
			const places: Cursors[] = [await topic.at("start", background)];
			for (const event of matchEvents("a", 40, { data: large })) {
				await topic.append([event], background);
				places.push(await topic.at("now", background));
			}
			await lab.eventually(async () => {
				await lab.setup.retain?.();
				const [start = expect.unreachable()] = places;
				expect((await topic.read(start, { events: 1, bytes: 1 }, background)).lost).toEqual([0]);
			}, 50);
			for (const place of places) expect(await topic.diverged(place, background)).toEqual([]);
			const start = await topic.at("start", background);
			for (const place of [start, places.at(-1) ?? expect.unreachable()]) {
				expect((await topic.read(place, { events: 1, bytes: 1 }, background)).lost).toEqual([]);
			}
		},
	},
	{
		title: "what is kept no longer is got as undefined",
		async run(lab) {
			const topic = await lab.topic({ lanes: 1, retainBytes: 64 * kibibyte });
			const events = matchEvents("a", 40, { data: "x".repeat(8 * kibibyte) });
			const receipt = only(await topic.append(events.slice(0, 1), background));
			const place = { lane: 0, cursor: await topic.place(receipt, background) };
			for (const event of events.slice(1)) await topic.append([event], background);
			await lab.eventually(async () => {
				await lab.setup.retain?.();
				expect(await topic.get([place], background)).toEqual([undefined]);
			}, 50);
		},
	},
	{
		title: "a cursor of this log has not diverged",
		async run(lab) {
			const topic = await lab.topic({ lanes: 4 });
			const empty = await topic.at("now", background);
			await topic.append(matchEvents("a", 5), background);
			const now = await topic.at("now", background);
			const places = new Map((await readAll(topic)).map(({ lane, cursor }) => [lane, cursor]));
			const start = await topic.at("start", background);
			for (const after of [empty, now, places, start]) {
				expect(await topic.diverged(after, background)).toEqual([]);
			}
		},
	},
	{
		title: "a text that no log gave as a cursor has diverged, and is no error",
		async run(lab) {
			const topic = await lab.topic({ lanes: 1 });
			await topic.append(matchEvents("a", 5), background);
			const [first] = await readAll(topic);
			const other = (first ?? expect.unreachable()).cursor.replace(/-.*/, "-0");
			for (const cursor of ["zzz", "!!!", "-1", "\0", "'; --", "zzzzzzzzzzz-1", "0".repeat(10_000), other]) {
				expect(await topic.diverged(new Map([[0, cursor]]), background), cursor.slice(0, 20)).toEqual([0]);
			}
		},
	},
	{
		title: "a cursor of a log with another history has diverged",
		async run(lab) {
			const topic = await lab.topic({ lanes: 1 });
			await topic.append(matchEvents("a", 5), background);
			const after = new Map((await readAll(topic)).map(({ lane, cursor }) => [lane, cursor]));
			const restored = await (await lab.openAnother()).open(topicName, { lanes: 1 }, background);
			expect(await restored.diverged(after, background), "in an empty log").toEqual([0]);
			await restored.append(matchEvents("a", 3), background);
			expect(await restored.diverged(after, background), "in a shorter one").toEqual([0]);
			await restored.append(matchEvents("b", 7), background);
			expect(await restored.diverged(after, background), "in a longer one").toEqual([0]);
		},
	},
];

import type { Cursors, Page, Placed, TopicLog } from "@allium/core/event";
import { expect } from "vitest";
import type { LogCase } from "./log-case.ts";
import { background, byLane, readAll } from "./log-lab.ts";
import { idOf, idsOf, matchEvent, matchEvents } from "./match-event.ts";

const racers = 16;
const eventsOfEach = 25;

/** Reading pages. */
export const readingCases: readonly LogCase[] = [
	{
		title: "16 publishers race: a follower sees each event once, and none appears before its next page",
		async run(lab) {
			const handles = await Promise.all(Array.from({ length: 4 }, () => lab.topic()));
			const publishers = Array.from({ length: racers }, (_, index) =>
				publishAll(handles[index % handles.length] ?? expect.unreachable(), `p${index}`),
			);
			const follower = await lab.topic();
			const [seen] = await Promise.all([
				follow(follower, racers * eventsOfEach, lab.patienceMs),
				...publishers,
			]);
			expect(new Set(seen.map(idOf)).size).toBe(seen.length);
			const all = byLane(await readAll(follower));
			for (const [lane, events] of byLane(seen)) {
				expect(events.map(idOf)).toEqual(all.get(lane)?.map(idOf));
			}
			expect(seen).toHaveLength(racers * eventsOfEach);
		},
	},
	{
		title: "a page keeps to its number of events, and the next goes on behind it",
		async run(lab) {
			const topic = await lab.topic({ lanes: 1 });
			await topic.append(matchEvents("a", 10), background);
			const first = await topic.read(
				await topic.at("start", background),
				{ events: 4, bytes: 1e6 },
				background,
			);
			expect(idsOf(first)).toEqual(["a-0", "a-1", "a-2", "a-3"]);
			const second = await topic.read(first.next, { events: 100, bytes: 1e6 }, background);
			expect(idsOf(second)).toEqual(["a-4", "a-5", "a-6", "a-7", "a-8", "a-9"]);
			const third = await topic.read(second.next, { events: 100, bytes: 1e6 }, background);
			expect(third).toEqual({ events: [], next: second.next, lost: [] });
		},
	},
	{
		title: "a page keeps to its bytes, and one event that is larger comes alone",
		async run(lab) {
			const topic = await lab.topic({ lanes: 1 });
			await topic.append(matchEvents("a", 8, { data: "x".repeat(10_000) }), background);
			const start = await topic.at("start", background);
			const page = await topic.read(start, { events: 100, bytes: 35_000 }, background);
			expect(idsOf(page)).toEqual(["a-0", "a-1", "a-2"]);
			const alone = await topic.read(page.next, { events: 100, bytes: 100 }, background);
			expect(idsOf(alone)).toEqual(["a-3"]);
			expect(await readAll(topic, start, { bytes: 1 })).toHaveLength(8);
		},
	},
	{
		title: "a page of many lanes keeps to its bounds, and no lane is left out for ever",
		async run(lab) {
			const topic = await lab.topic({ lanes: 4 });
			const events = Array.from({ length: 80 }, (_, index) => matchEvent(`e${index}`));
			await topic.append(events, background);
			let after = await topic.at("start", background);
			const seen: string[] = [];
			while (seen.length < events.length) {
				const page = await topic.read(after, { events: 7, bytes: 1e6 }, background);
				expect(page.events.length).toBeGreaterThan(0);
				expect(page.events.length).toBeLessThanOrEqual(7);
				seen.push(...idsOf(page));
				after = page.next;
			}
			expect(seen.sort()).toEqual(events.map(({ id }) => id).sort());
		},
	},
	{
		title: "readers at different places of one handle each have all that lies behind their own place",
		async run(lab) {
			const topic = await lab.topic({ lanes: 2 });
			const start = await topic.at("start", background);
			const read = (after: Cursors): Promise<Page> =>
				topic.read(after, { events: 100, bytes: 1e6 }, background);
			// The groups of one process read like this: they wait at the same place, and some continue sooner than others.
			const waiting = await Promise.all([read(start), read(start), read(start)]);
			expect(waiting.flatMap(idsOf)).toEqual([]);
			const events = [...matchEvents("a", 5), ...matchEvents("b", 5)];
			await topic.append(events, background);
			const first = await read(start);
			await read(first.next);
			await topic.append([matchEvent("a-5", { key: "a" })], background);
			expect(idsOf(await read(first.next))).toEqual(["a-5"]);
			await read(first.next);
			const all = [...events.map(({ id }) => id), "a-5"].sort();
			for (let reader = 0; reader < 3; reader++) {
				expect((await readAll(topic, start)).map(idOf).sort()).toEqual(all);
			}
		},
	},
	{
		title: "a page has the lanes that were asked for, and no others",
		async run(lab) {
			const topic = await lab.topic({ lanes: 4 });
			await topic.append(
				Array.from({ length: 40 }, (_, index) => matchEvent(`e${index}`)),
				background,
			);
			const whole = byLane(await readAll(topic));
			const start = await topic.at("start", background);
			const some = new Map([...start].filter(([lane]) => lane === 1 || lane === 3));
			const page = await topic.read(some, { events: 100, bytes: 1e6 }, background);
			expect([...page.next.keys()].sort()).toEqual([1, 3]);
			for (const lane of [1, 3]) {
				expect(byLane(page.events).get(lane)?.map(idOf)).toEqual(whole.get(lane)?.map(idOf));
			}
			expect(page.events).toHaveLength((whole.get(1)?.length ?? 0) + (whole.get(3)?.length ?? 0));
		},
	},
	{
		title: "cursors sort as strings, and the empty one comes before all",
		async run(lab) {
			const topic = await lab.topic({ lanes: 1 });
			for (let part = 0; part < 4; part++) await topic.append(matchEvents(`k${part}`, 30), background);
			const cursors = (await readAll(topic)).map(({ cursor }) => cursor);
			expect(["", ...cursors].sort()).toEqual(["", ...cursors]);
			expect(new Set(cursors).size).toBe(120);
			const fromEmpty = await readAll(topic, new Map([[0, ""]]));
			expect(fromEmpty.map(({ cursor }) => cursor)).toEqual(cursors);
		},
	},
	{
		title: "events of different lanes are in the order of their calls, where the log says so",
		async run(lab, skip) {
			const topic = await lab.topic({ lanes: 4 });
			if (topic.features.order === "lane") return skip("this log has an order in each lane only");
			const events = Array.from({ length: 40 }, (_, index) => matchEvent(`e${index}`));
			for (const event of events) await topic.append([event], background);
			expect((await readAll(topic)).map(idOf)).toEqual(events.map(({ id }) => id));
		},
	},
	{
		title: "a reader begins at the start, now, or at a time",
		async run(lab) {
			const topic = await lab.topic({ lanes: 2 });
			await topic.append(matchEvents("early", 5), background);
			// A server's clock may count in seconds.
			const early = Date.now();
			await lab.eventually(() => expect(Date.now()).toBeGreaterThan(early + 1_100));
			const time = new Date();
			await lab.eventually(() => expect(Date.now()).toBeGreaterThan(time.getTime() + 1_100));
			await topic.append(matchEvents("late", 5), background);
			const idsAt = async (when: "start" | "now" | Date): Promise<string[]> =>
				(await readAll(topic, await topic.at(when, background))).map(idOf).sort();
			const late = ["late-0", "late-1", "late-2", "late-3", "late-4"];
			expect(await idsAt("start")).toEqual(["early-0", "early-1", "early-2", "early-3", "early-4", ...late]);
			expect(await idsAt(time)).toEqual(late);
			expect(await idsAt(new Date(0))).toHaveLength(10);
			expect(await idsAt(new Date(Date.now() + 3_600_000))).toEqual([]);
			expect(await idsAt("now")).toEqual([]);
		},
	},
	{
		title: "now is behind all that was published before, and before all that comes",
		async run(lab) {
			const [left, right] = [await lab.topic(), await lab.topic()];
			const empty = await right.at("now", background);
			await left.append(matchEvents("a", 3), background);
			const now = await right.at("now", background);
			await left.append([matchEvent("later", { key: "a" })], background);
			expect((await readAll(right, now)).map(idOf)).toEqual(["later"]);
			expect((await readAll(right, empty)).map(idOf)).toEqual(["a-0", "a-1", "a-2", "later"]);
			expect([...now.keys()].sort()).toEqual([0, 1, 2, 3]);
		},
	},
	{
		title: "single events are got by their places, in the order asked for",
		async run(lab) {
			const topic = await lab.topic();
			await topic.append([...matchEvents("a", 3), ...matchEvents("b", 3)], background);
			const read = await readAll(topic);
			const places = [...read].reverse();
			const none = { lane: 0, cursor: "" };
			const found = await topic.get([...places, none], background);
			expect(found).toEqual([...places, undefined]);
			expect(await topic.get([], background)).toEqual([]);
		},
	},
	{
		title: "the events of one key are read alone, and the place goes on over the others",
		async run(lab) {
			const topic = await lab.topic({ lanes: 1 });
			const keys = ["a", "b", "a", "c", "a", "b"];
			const events = keys.map((key, index) => matchEvent(String(index), { key }));
			await topic.append([...events, matchEvent("keyless")], background);
			const start = await topic.at("start", background);
			const first = await topic.read(start, { events: 2, bytes: 1e6, key: "a" }, background);
			expect(idsOf(first)).toEqual(["0", "2"]);
			const rest = await readAll(topic, first.next, { key: "a" });
			expect(rest.map(idOf)).toEqual(["4"]);
			expect(await readAll(topic, start, { key: "d" })).toEqual([]);
			const passed = await topic.read(start, { events: 10, bytes: 1e6, key: "d" }, background);
			expect(passed.next).not.toEqual(start);
		},
	},
	{
		title: "an event is found by its id, where the log has an index of ids",
		async run(lab, skip) {
			const topic = await lab.topic({ lanes: 2 });
			const find = topic.find?.bind(topic);
			if (find === undefined) return skip("this log has no index of ids");
			const ids = ["1", "A", "a", " a", "ä", "%", "'; --", "\0", "long".repeat(1_000)];
			const events = ids.map((id) => matchEvent(id, { key: `k${id}` }));
			for (const event of events) await topic.append([event], background);
			for (const placed of await readAll(topic)) {
				expect(await find(placed.event.id, background)).toEqual(placed);
			}
			for (const id of ["", "2", "ä ", "_", "long"]) expect(await find(id, background), id).toBeUndefined();
			const other = await (await lab.open()).open("others", { lanes: 2 }, background);
			expect(await other.find?.("1", background)).toBeUndefined();
		},
	},
	{
		title: "how far a reader is behind is told in events and by the first one's time",
		async run(lab) {
			const topic = await lab.topic({ lanes: 1 });
			const start = await topic.at("start", background);
			expect(await topic.behind(start, background)).toEqual(new Map([[0, { events: 0, since: undefined }]]));
			const before = Date.now();
			await topic.append(matchEvents("a", 5), background);
			const after = Date.now();
			const { events, since = 0 } = (await topic.behind(start, background)).get(0) ?? expect.unreachable();
			expect(events).toBe(5);
			expect(since).toBeGreaterThan(before - 2_000);
			expect(since).toBeLessThan(after + 2_000);
			const { next } = await topic.read(start, { events: 3, bytes: 1e6 }, background);
			expect((await topic.behind(next, background)).get(0)?.events).toBe(2);
			const now = await topic.at("now", background);
			expect((await topic.behind(now, background)).get(0)).toEqual({ events: 0, since: undefined });
		},
	},
	{
		title: "a context that has ended reads nothing",
		async run(lab) {
			const topic = await lab.topic();
			const start = await topic.at("start", background);
			const { ctx, cancel } = background.withCancel();
			cancel();
			const canceled = { code: "canceled" };
			await expect(topic.read(start, { events: 1, bytes: 1 }, ctx)).rejects.toMatchObject(canceled);
			await expect(topic.at("now", ctx)).rejects.toMatchObject(canceled);
			await expect(topic.behind(start, ctx)).rejects.toMatchObject(canceled);
		},
	},
];

/** Publishes the events of one publisher: some alone, some together. */
async function publishAll(topic: TopicLog, publisher: string): Promise<void> {
	const events = matchEvents(publisher, eventsOfEach);
	for (let from = 0, size = 1; from < events.length; from += size, size = (size % 3) + 1) {
		await topic.append(events.slice(from, from + size), background);
	}
}

/** Reads from the start until it has `count` events, or for `patienceMs`. */
async function follow(topic: TopicLog, count: number, patienceMs: number): Promise<Placed[]> {
	const seen: Placed[] = [];
	const ctx = background.withTimeout(patienceMs);
	let after = await topic.at("start", ctx);
	while (seen.length < count && ctx.error === undefined) {
		const page = await topic.read(after, { events: 50, bytes: 1e6 }, ctx);
		seen.push(...page.events);
		after = page.next;
		if (page.events.length === 0) await topic.changed(after, ctx).catch(() => {});
	}
	return seen;
}

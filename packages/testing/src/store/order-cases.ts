import { type Placed, positionOf } from "@allium/core/event";
import type { EventStore } from "@allium/core/store";
import { expect } from "vitest";
import { RunningTime } from "../running-time.ts";
import { pause } from "../suite/eventually.ts";
import { accountEvent, accountEvents, idsOf, part, topicName } from "./account-event.ts";
import type { EventStoreCase } from "./store-case.ts";
import { append, background, readStream, readTopic, readTopicOf, topicOf } from "./store-lab.ts";

const racers = 16;
const appendsOfEach = 20;

/** The log of all streams. */
export const orderCases: readonly EventStoreCase[] = [
	{
		title: "followers under 16 racing writers miss nothing, and see each event once",
		timeoutMs: 180_000,
		async run(lab) {
			const stores = await Promise.all(Array.from({ length: 4 }, () => lab.open()));
			const writing = Array.from({ length: racers }, (_, index) =>
				write(stores[index % stores.length] ?? expect.unreachable(), `w${index}`),
			);
			const followers = [await lab.open(), await lab.open()];
			const count = racers * appendsOfEach * 2;
			const seen = await Promise.all(followers.map((store) => follow(store, count, lab.patienceMs)));
			await Promise.all(writing);
			const all = await readTopicOf(lab, followers[0] ?? expect.unreachable(), count);
			for (const events of seen) {
				expect(events).toHaveLength(count);
				expect(byLane(events)).toEqual(byLane(all));
			}
		},
	},
	{
		title: "within a stream the order of the log is that of the versions",
		async run(lab) {
			const stores = [await lab.open(), await lab.open()];
			const names = ["account/a1", "account/a2", "account/a3"];
			const racing = Array.from({ length: 60 }, (_, index) => {
				const stream = names[index % names.length] ?? expect.unreachable();
				return stores[index % 2]?.append([part(accountEvents(`${index}`, 2), { stream })], background);
			});
			await Promise.all(racing);
			const store = stores[0] ?? expect.unreachable();
			const log = await readTopicOf(lab, store, 120);
			for (const stream of names) {
				const ofStream = log.filter(({ event }) => event.key === stream);
				expect(idsOf(ofStream)).toEqual(idsOf(await readStream(store, stream)));
			}
		},
	},
	{
		title: "the order is that of the appends, also where the clocks of the writers jump",
		async run(lab) {
			// Given two writers whose clocks are hours ahead and behind,
			const stores = [await lab.open(), await lab.open()];
			const hours = [0, 5, -3, 26, -40, 0, 1];

			// when they append to one stream in turn,
			for (const [index, hour] of hours.entries()) {
				const time = new Date(Date.now() + hour * 3_600_000).toISOString();
				await stores[index % 2]?.append([part([accountEvent(`e${index}`, { time })])], background);
			}

			// then the stream and the log have all events in the order of the appends.
			const store = stores[0] ?? expect.unreachable();
			const ids = hours.map((_, index) => `e${index}`);
			expect(idsOf(await readStream(store))).toEqual(ids);
			expect(idsOf(await readTopicOf(lab, store, ids.length))).toEqual(ids);
		},
	},
	{
		title: "what began after another append had resolved lies behind it",
		async run(lab) {
			const stores = [await lab.open(), await lab.open()];
			const ids: string[] = [];
			for (let count = 0; count < 40; count++) {
				const stream = `account/${count % 3}`;
				await stores[count % 2]?.append([part([accountEvent(`e${count}`)], { stream })], background);
				ids.push(`e${count}`);
			}
			const store = stores[0] ?? expect.unreachable();
			const log = await readTopicOf(lab, store, ids.length);
			if ((await topicOf(store)).features.order === "log") expect(idsOf(log)).toEqual(ids);
			for (const [lane, events] of Map.groupBy(log, (each) => each.lane)) {
				const inLane = new Set(idsOf(events));
				expect(idsOf(events), `lane ${lane}`).toEqual(ids.filter((id) => inLane.has(id)));
			}
		},
	},
	{
		title: "positions are dense, also where appends were refused or undone",
		async run(lab, skip) {
			const stores = [await lab.open(), await lab.open()];
			const store = stores[0] ?? expect.unreachable();
			if ((await topicOf(store)).features.order === "lane") return skip("each lane counts for itself");
			const racing = Array.from({ length: 80 }, (_, index) => {
				const expected = index % 2 === 0 ? "any" : "none";
				return stores[index % 2]?.append([part([accountEvent(`e${index}`)], { expected })], background);
			});
			await Promise.allSettled(racing);
			await undone(store);
			await append(store, part([accountEvent("last")]));
			const count = (await readStream(store)).length;
			const positions = (await readTopicOf(lab, store, count)).map(({ cursor }) => positionOf(cursor));
			const [first = 0] = positions;
			expect(positions).toEqual(positions.map((_, index) => first + index));
		},
	},
	{
		title: "events of streams and events that were published lie in one log, in the order of their calls",
		async run(lab) {
			const store = await lab.open();
			const topic = await topicOf(store);
			for (let count = 0; count < 5; count++) {
				await append(store, part([accountEvent(`appended-${count}`)]));
				await topic.append([accountEvent(`published-${count}`, { key: "account/a1" })], background);
			}
			const expected = [0, 1, 2, 3, 4].flatMap((count) => [`appended-${count}`, `published-${count}`]);
			expect(idsOf(await readTopicOf(lab, store, 10))).toEqual(expected);
			expect(await readStream(store)).toHaveLength(5);
		},
	},
	{
		title: "the place of an append is known, or waited for, and what is read behind it came later",
		async run(lab) {
			const store = await lab.open();
			const topic = await topicOf(store);
			const { receipts } = await append(store, part(accountEvents("a", 2)));
			await append(store, part([accountEvent("behind")]));
			const [, last = expect.unreachable()] = receipts;
			const cursor = await topic.place(last, background);
			expect(last.cursor ?? cursor).toBe(cursor);
			const [found] = await topic.get([{ lane: last.lane, cursor }], background);
			expect(found?.event.id).toBe("a-1");
			await lab.eventually(async () => {
				const page = await topic.read(new Map([[last.lane, cursor]]), { events: 10, bytes: 1e6 }, background);
				expect(idsOf(page.events)).toEqual(["behind"]);
			});
		},
	},
	{
		title: "who waits for the log is woken by an append within 250 ms",
		async run(lab) {
			const [left, right] = [await lab.open(), await lab.open()];
			const topic = await topicOf(right);
			const passed: number[] = [];
			for (let count = 0; count < 7; count++) {
				const after = await topic.at("now", background);
				const waiting = (async () => {
					for (;;) {
						await topic.changed(after, background);
						if ((await topic.read(after, { events: 1, bytes: 1 }, background)).events.length > 0) return;
					}
				})();
				await append(left, part([accountEvent(String(count))]));
				using time = new RunningTime();
				await waiting;
				passed.push(time.milliseconds);
			}
			// The median, so that a wait that the busy machine prolonged does not count.
			const median = passed.sort((one, other) => one - other)[3] ?? 0;
			lab.figures.set("woken after", `${Math.round(median)} ms`);
			expect(median).toBeLessThanOrEqual(250);
		},
	},
	{
		title: "a topic keeps the events of streams, whatever it was told to keep",
		async run(lab) {
			const store = await lab.open();
			await store.log.open(topicName, { lanes: 1, retainMs: 1_000, retainBytes: 1_000 }, background);
			await append(store, part(accountEvents("a", 4, { data: "x".repeat(600) })));
			const old = Date.now();
			await lab.eventually(() => expect(Date.now()).toBeGreaterThan(old + 1_200), 50);
			await append(store, part([accountEvent("last", { data: "x".repeat(600) })]));
			expect(idsOf(await readTopicOf(lab, store, 5))).toEqual(["a-0", "a-1", "a-2", "a-3", "last"]);
			const topic = await topicOf(store);
			const page = await topic.read(new Map([[0, ""]]), { events: 100, bytes: 1e6 }, background);
			expect(page.lost).toEqual([]);
		},
	},
	{
		title:
			"writers that hold transactions up to 500 ms, some of which roll back, hide nothing from followers",
		needs: ["slowTransactions"],
		timeoutMs: 180_000,
		async run(lab) {
			const [left, right] = [await lab.open(), await lab.open()];
			const slow = Array.from({ length: 12 }, (_, index) =>
				left
					.transaction(async (tx) => {
						await tx.append(part([accountEvent(`slow-${index}`)], { stream: `account/slow-${index}` }));
						await pause(Math.random() * 500);
						if (index % 3 === 0) throw new Error("rolled back");
					}, background)
					.catch(() => {}),
			);
			const quick = write(right, "quick");
			const count = 8 + appendsOfEach * 2;
			const seen = await follow(await lab.open(), count, lab.patienceMs);
			await Promise.all([...slow, quick]);
			expect(byLane(seen)).toEqual(byLane(await readTopic(right)));
			expect(seen).toHaveLength(count);
		},
	},
	{
		title: "an idle write transaction elsewhere delays nobody",
		needs: ["idleWriter"],
		async run(lab) {
			const [left, right] = [await lab.open(), await lab.open()];
			await append(left, part([accountEvent("before")]));
			const end = (await lab.setup.idleWriter?.()) ?? expect.unreachable();
			try {
				const appended = await append(left, part(accountEvents("during", 3)));
				expect(appended.version).toBe(4);
				const ids = ["before", "during-0", "during-1", "during-2"];
				expect(idsOf(await readTopicOf(lab, right, 4))).toEqual(ids);
			} finally {
				await end();
			}
		},
	},
];

/** Appends two events again and again, to streams that others append to as well. */
async function write(store: EventStore, writer: string): Promise<void> {
	for (let count = 0; count < appendsOfEach; count++) {
		const stream = `account/${count % 5}`;
		await append(store, part(accountEvents(`${writer}-${count}`, 2), { stream }));
	}
}

/** Reads the topic from its start until it has `count` events, or for `patienceMs`. */
async function follow(store: EventStore, count: number, patienceMs: number): Promise<Placed[]> {
	const topic = await topicOf(store);
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

/** The ids of each lane, in order. */
function byLane(events: readonly Placed[]): Map<number, string[]> {
	const lanes = Map.groupBy(events, ({ lane }) => lane);
	return new Map(Array.from(lanes, ([lane, ofLane]) => [lane, idsOf(ofLane)]));
}

/** A transaction that is rolled back. */
async function undone(store: EventStore): Promise<void> {
	const failing = store.transaction(async (tx) => {
		await tx.append(part(accountEvents("undone", 3)));
		throw new Error("undone");
	}, background);
	await expect(failing).rejects.toThrow("undone");
}

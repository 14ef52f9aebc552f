import { DatabaseSync } from "node:sqlite";
import { type Cursors, cursorAt, eventText, laneOf, positionOf } from "@allium/core/event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { EventPage } from "./event-page.ts";
import { type EventTables, eventSchema } from "./event-tables.ts";
import { LaneEnds } from "./lane-ends.ts";

const lanes = 4;
const topic = { lanes, retainMs: Number.POSITIVE_INFINITY, retainBytes: Number.POSITIVE_INFINITY };

let database: DatabaseSync;
let tables: EventTables;

beforeEach(() => {
	database = new DatabaseSync(":memory:");
	database.exec(eventSchema.sql);
	tables = eventSchema.prepare(database);
});

afterEach(() => {
	vi.restoreAllMocks();
	database.close();
});

/** Adds events with the ids `<name>-<from>` and so on. */
function add(name: string, from: number, count: number, padding = 0): void {
	const row = tables.needTopic(name, topic);
	let last = 0;
	for (let n = from; n < from + count; n++) {
		const id = `${name}-${n}`;
		const data = "x".repeat(padding);
		const facts = { type: "matches.started", version: 1, source: "test", time: "2026-11-26T03:00:00.000Z" };
		const event = { ...facts, id, data, correlationId: id };
		const text = eventText(event, Number.POSITIVE_INFINITY);
		const place = { lane: laneOf(event, lanes), number: n, time: n };
		last = tables.insert(row.id, { event, text, bytes: text.length }, place) ?? last;
	}
	tables.noteTopic(row.id, 0, last);
}

function start(of: readonly number[] = [0, 1, 2, 3]): Cursors {
	return new Map(of.map((lane) => [lane, ""]));
}

/** Reads all pages behind these cursors. Returns the ids, in the order in which they came. */
function readAll(name: string, after: Cursors, bounds = { events: 50, bytes: 1e6 }): string[] {
	const ids: string[] = [];
	for (let cursors = after; ; ) {
		const page = new EventPage(name, cursors, bounds);
		while (!page.read(tables)) {}
		const { events, next } = page.page;
		if (events.length === 0) return ids;
		ids.push(...events.map(({ event }) => event.id));
		cursors = next;
	}
}

function idsOf(name: string, count: number, of: readonly number[] = [0, 1, 2, 3]): string[] {
	const all = Array.from({ length: count }, (_, n) => `${name}-${n}`);
	return all.filter((id) => of.includes(laneOf({ id }, lanes)));
}

test("lanes that are close together are read in the order of the log", () => {
	add("matches", 0, 1_000);
	expect(readAll("matches", start())).toEqual(idsOf("matches", 1_000));
	expect(readAll("matches", start([0, 2]))).toEqual(idsOf("matches", 1_000, [0, 2]));
});

test("events of other topics in between are passed over, few or many", () => {
	for (let n = 0; n < 100; n++) {
		add("matches", 3 * n, 3);
		add("orders", 40 * n, 40);
	}
	expect(readAll("matches", start())).toHaveLength(300);
	expect(readAll("orders", start())).toEqual(idsOf("orders", 4_000));
});

test("a lane that is far behind loses nothing, and the others repeat nothing", () => {
	add("matches", 0, 2_000);
	const far = tables.topic("matches")?.last ?? 0;
	const last = cursorAt(far, `matches-${1_999}`);
	const after = new Map(Array.from(start(), ([lane]) => [lane, lane === 1 ? "" : last]));
	expect(readAll("matches", after)).toEqual(idsOf("matches", 2_000, [1]));
});

test("a lane that is a little ahead repeats nothing", () => {
	add("matches", 0, 200);
	const ahead = idsOf("matches", 200, [3])[4] ?? "";
	const cursor = cursorAt(1 + Number(ahead.split("-")[1]), ahead);
	const ids = readAll("matches", new Map([...start(), [3, cursor]]));
	const passed = idsOf("matches", 200, [3]).slice(0, 5);
	expect(ids).toEqual(idsOf("matches", 200).filter((id) => !passed.includes(id)));
});

test("events of which few fit keep to the bytes of a page", () => {
	add("matches", 0, 40, 20_000);
	const page = new EventPage("matches", start(), { events: 256, bytes: 100_000 });
	while (!page.read(tables)) {}
	const bytes = page.page.events.reduce((sum, each) => sum + each.bytes, 0);
	expect(bytes).toBeGreaterThan(20_000);
	expect(bytes).toBeLessThanOrEqual(100_000);
	expect(readAll("matches", start(), { events: 256, bytes: 100_000 }).sort()).toEqual(
		idsOf("matches", 40).sort(),
	);
});

test("what is added between the slices of a page is not passed over", () => {
	add("matches", 0, 100);
	// Each slice ends after one step.
	let now = 0;
	vi.spyOn(performance, "now").mockImplementation(() => (now += 10));
	const page = new EventPage("matches", start(), { events: 1_000, bytes: 1e6 });
	for (let from = 100; !page.read(tables) && from < 1_300; from += 300) add("matches", from, 300);
	const { next } = page.page;
	const seen = [...page.page.events.map(({ event }) => event.id), ...readAll("matches", next)];
	expect(positionOf([...next.values()].sort().at(-1) ?? "")).toBeGreaterThan(0);
	expect(seen.sort()).toEqual(idsOf("matches", seen.length).sort());
	expect(seen.length).toBe(tables.topic("matches")?.last);
});

test("a lane that stands still while others grow is not searched again, and loses nothing", () => {
	const ends = new LaneEnds();
	const read = (after: Cursors) => {
		const page = new EventPage("matches", after, { events: 256, bytes: 1e6 }, ends);
		while (!page.read(tables)) {}
		return page.page;
	};
	add("matches", 0, 200);
	const { next } = read(start());
	// Only one lane grows, by far more than is read at once.
	const growing = (count: number, from: number): void => {
		const ids = Array.from({ length: 8 * count }, (_, n) => from + n);
		const own = ids.filter((n) => laneOf({ id: `matches-${n}` }, lanes) === 1).slice(0, count);
		for (const n of own) add("matches", n, 1);
	};
	growing(300, 1_000);
	let after: Cursors = next;
	for (let page = read(after); page.events.length > 0; page = read(after)) after = page.next;
	const searched = vi.spyOn(tables, "sizes");
	growing(5, 9_000);
	const grown = read(after);
	expect(grown.events).toHaveLength(5);
	expect(searched).not.toHaveBeenCalled();
	expect(read(grown.next).events).toEqual([]);
	add("matches", 20_000, 40);
	expect(read(grown.next).events).toHaveLength(40);
});

test("what is known of a file does not count for the next one", () => {
	const ends = new LaneEnds();
	add("matches", 0, 10);
	const topic = tables.topic("matches");
	if (topic === undefined) return expect.unreachable();
	const place = { lane: 0, cursor: "" };
	expect(ends.positionBehind(tables, topic, place)).toBe(0);
	ends.note(tables, place, topic.last);
	expect(ends.positionBehind(tables, topic, place)).toBe(topic.last);
	expect(ends.positionBehind(tables, { ...topic, last: topic.last - 1 }, place)).toBe(0);
	const others = eventSchema.prepare(database);
	expect(ends.positionBehind(others, topic, place)).toBe(0);
	ends.note(tables, place, topic.last);
	expect(ends.positionBehind(others, topic, place)).toBe(0);
});

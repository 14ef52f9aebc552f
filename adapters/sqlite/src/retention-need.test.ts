import { DatabaseSync } from "node:sqlite";
import { eventText } from "@allium/core/event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type EventTables, eventSchema } from "./event-tables.ts";
import { RetentionNeed } from "./retention-need.ts";

const hourMs = 3_600_000;
const options = { lanes: 2, retainMs: hourMs, retainBytes: Number.POSITIVE_INFINITY };

let opened: DatabaseSync[] = [];
let tables: EventTables;
let need: RetentionNeed;

beforeEach(() => {
	vi.useFakeTimers({ toFake: ["Date", "performance"], now: 1_000 * hourMs });
	tables = open();
	need = new RetentionNeed();
});

afterEach(() => {
	vi.useRealTimers();
	for (const database of opened) database.close();
	opened = [];
});

function open(): EventTables {
	const database = new DatabaseSync(":memory:");
	opened.push(database);
	database.exec(eventSchema.sql);
	return eventSchema.prepare(database);
}

/** Adds an event of 100 bytes now, to one of the lanes. Returns its position. */
function add(id: string, lane = 0, to = tables): number {
	const topic = to.needTopic("short", options);
	const facts = { type: "matches.started", version: 1, source: "test", time: "2026-11-26T03:00:00.000Z" };
	const event = { ...facts, id, data: {}, correlationId: id };
	const text = eventText(event, Number.POSITIVE_INFINITY);
	const position = to.insert(topic.id, { event, text, bytes: 100 }, { lane, number: 1, time: Date.now() });
	to.noteTopic(topic.id, 100, position ?? 0);
	return position ?? expect.unreachable();
}

function remove(position: number, lane: number): void {
	const { id } = tables.needTopic("short", options);
	const entry = tables.entry(position) ?? expect.unreachable();
	tables.noteTopic(id, -tables.remove(id, lane, [entry]), 0);
}

function isOver(of = tables, changed: Partial<typeof options> = {}): boolean {
	return need.isOver(of, { ...of.needTopic("short", options), ...changed });
}

test("a topic is over once its oldest event, of whatever lane, is too old", () => {
	add("a", 1);
	vi.advanceTimersByTime(hourMs / 2);
	add("b", 0);
	expect(isOver()).toBe(false);
	vi.advanceTimersByTime(hourMs / 2);
	expect(isOver()).toBe(false);
	vi.advanceTimersByTime(1);
	expect(isOver()).toBe(true);
});

test("when its oldest event is removed, the next one counts", () => {
	const first = add("a", 1);
	vi.advanceTimersByTime(hourMs / 2);
	add("b", 0);
	vi.advanceTimersByTime(hourMs / 2 + 1);
	expect(isOver()).toBe(true);
	remove(first, 1);
	expect(isOver()).toBe(false);
	vi.advanceTimersByTime(hourMs / 2);
	expect(isOver()).toBe(true);
});

test("an empty topic is over once what it was given later is too old", () => {
	expect(isOver()).toBe(false);
	vi.advanceTimersByTime(1_000);
	add("a");
	expect(isOver()).toBe(false);
	vi.advanceTimersByTime(hourMs + 1);
	expect(isOver()).toBe(true);
});

test.each([
	["an empty topic", () => tables.needTopic("short", options)],
	["a topic with a young event", () => add("a")],
])("%s is searched once a minute", (_, begin) => {
	begin();
	const searched = vi.spyOn(tables, "sizes");
	expect(isOver()).toBe(false);
	expect(searched).toHaveBeenCalledTimes(options.lanes);
	vi.advanceTimersByTime(59_000);
	expect(isOver()).toBe(false);
	expect(searched).toHaveBeenCalledTimes(options.lanes);
	vi.advanceTimersByTime(1_000);
	expect(isOver()).toBe(false);
	expect(searched).toHaveBeenCalledTimes(2 * options.lanes);
});

test("a topic with more bytes than it keeps is over at once, whatever is known of its age", () => {
	add("a");
	expect(isOver(tables, { retainBytes: 100 })).toBe(false);
	add("b");
	expect(isOver(tables, { retainBytes: 100 })).toBe(true);
});

test("a topic without an event is not over, whatever its bytes", () => {
	expect(isOver(tables, { retainBytes: -1 })).toBe(false);
});

test("a topic that keeps its events for ever is not searched", () => {
	add("a");
	const searched = vi.spyOn(tables, "sizes");
	expect(isOver(tables, { retainMs: Number.POSITIVE_INFINITY })).toBe(false);
	expect(searched).not.toHaveBeenCalled();
});

test("an event that a process with a slow clock has added to an empty topic is found within a minute", () => {
	expect(isOver()).toBe(false);
	vi.setSystemTime(Date.now() - 2 * hourMs);
	add("a");
	vi.setSystemTime(Date.now() + 2 * hourMs);
	vi.advanceTimersByTime(60_000);
	expect(isOver()).toBe(true);
});

test("nothing that was known of a file counts for another one in its place", () => {
	const other = open();
	add("old", 0, other);
	vi.advanceTimersByTime(2 * hourMs);
	expect(isOver()).toBe(false);
	expect(isOver(other)).toBe(true);
});

import { Context } from "@allium/core";
import { type Cursors, type EventRecord, type Page, positionOf, type TopicLog } from "@allium/core/event";
import { describeServer } from "@allium/testing/servers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RunningPostgres } from "./fixtures/running-postgres.ts";
import { pageQuery } from "./page-sql.ts";
import { postgresPorts } from "./postgres-ports.ts";

const background = Context.background();
const lanes = 8;
const all = { events: 10_000, bytes: 64 * 1024 * 1024 };
const size = { events: 20, bytes: 64 * 1024 * 1024 };

function events(prefix: string, count: number): EventRecord[] {
	return Array.from({ length: count }, (_, index) => {
		const id = `${prefix}-${index}`;
		const time = "2026-01-01T00:00:00.000Z";
		return { id, type: "t.e", version: 1, source: "test", key: id, time, data: {}, correlationId: id };
	});
}

function ids({ events }: Page): string[] {
	return events.map(({ event }) => event.id);
}

/** The cursors behind the first `count` events of a topic, of some lanes. */
async function cursorsBehind(
	topic: TopicLog,
	count: number,
	of: (lane: number) => boolean,
): Promise<Cursors> {
	const start = await topic.at("start", background);
	const { next } =
		count === 0 ? { next: start } : await topic.read(start, { ...all, events: count }, background);
	return new Map([...next].filter(([lane]) => of(lane)));
}

describeServer("postgres", (file) => {
	let server: RunningPostgres;
	let close: () => Promise<unknown>;
	let topic: TopicLog;

	beforeAll(async () => {
		server = await RunningPostgres.start(file);
		const { log, state } = await postgresPorts(server.newUrl());
		close = () => Promise.all([log.close(), state.close()]);
		topic = await log.open("matches", { lanes }, background);
		const other = await log.open("others", { lanes }, background);
		await topic.append(events("dense", 200), background);
		// From here on, most rows between two of the topic are those of another one.
		for (const event of events("sparse", 40)) {
			await topic.append([event], background);
			await other.append(events(`other-${event.id}`, 10), background);
		}
	});
	afterAll(async () => {
		await close();
		await server[Symbol.asyncDispose]();
	});

	/** The page that is behind cursors by the order of all events. */
	async function expectedPage(cursors: Cursors): Promise<string[]> {
		const whole = await topic.read(await topic.at("start", background), all, background);
		expect(whole.events).toHaveLength(240);
		return whole.events
			.filter(({ lane, cursor }) => {
				const after = cursors.get(lane);
				return after !== undefined && positionOf(cursor) > positionOf(after);
			})
			.slice(0, size.events)
			.map(({ event }) => event.id);
	}

	describe("a page is what comes next in the order of all events of its lanes, behind the cursor of each", () => {
		const even = (lane: number): boolean => lane % 2 === 0;
		test.each([
			["all lanes, from the start", 0, 0, () => true],
			["all lanes, between texts that lie side by side", 90, 90, () => true],
			["all lanes, between texts that lie apart", 210, 210, () => true],
			["some lanes", 90, 90, even],
			["one lane", 90, 90, (lane: number) => lane === 3],
			["cursors that are a page apart", 90, 110, () => true],
			["cursors that are far apart", 10, 190, () => true],
			["cursors at the start and at the end", 0, 235, () => true],
		] as const)("%s", async (_, ofEven, ofOdd, isRead) => {
			const cursors = new Map([
				...(await cursorsBehind(topic, ofEven, (lane) => isRead(lane) && even(lane))),
				...(await cursorsBehind(topic, ofOdd, (lane) => isRead(lane) && !even(lane))),
			]);
			const page = await topic.read(cursors, size, background);
			expect(ids(page)).toEqual(await expectedPage(cursors));
			for (const { lane, cursor } of page.events.slice(-1)) expect(page.next.get(lane)).toBe(cursor);
		});
	});

	test("lanes are merged where their cursors are far apart or few are read, so that others' events are not passed over", async () => {
		const near = await cursorsBehind(topic, 100, () => true);
		const far = new Map([...near, ...(await cursorsBehind(topic, 0, (lane) => lane === 0))]);
		const one = await cursorsBehind(topic, 100, (lane) => lane === 3);
		const { sql } = pageQuery(1, lanes, near, size);
		expect(sql).not.toContain("lane = ($2");
		expect(pageQuery(1, lanes, far, { ...size, events: 10 }).sql).toContain("lane = ($2");
		expect(pageQuery(1, lanes, one, size).sql).toContain("lane = ($2");
	});
});

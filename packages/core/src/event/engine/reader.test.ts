import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Context } from "../../context/context.ts";
import { silentLogger } from "../../logger/logger.ts";
import type { Page, PageBounds, TopicLog } from "../log.ts";
import { memoryLog } from "../memory-log.ts";
import type { EventInHand } from "./event-in-hand.ts";
import { inLane } from "./fixtures/in-lane.ts";
import { Lane } from "./lane.ts";
import { Reader } from "./reader.ts";
import { Troubles } from "./troubles.ts";

const ctx = Context.background();
let topic: TopicLog;
let lane: Lane;
let pages: Page[];
let asked: PageBounds[];
let troubles: Troubles;
let isAway: boolean;
let waits: number;
let diverged: number[];
let stop: () => void;

beforeEach(async () => {
	topic = await memoryLog().open("matches", { lanes: 1 }, ctx);
	const state = { cursor: "", ahead: [], deferred: [], crashes: 0 };
	const options = {
		park: "key",
		deferredBound: 10,
		longestPauseMs: 5,
		crashed: true,
		changed: () => {},
	} as const;
	lane = new Lane({ lane: 0, member: "m", epoch: 1, state }, { ...options, ctx });
	[pages, asked, isAway, waits, diverged] = [[], [], false, 0, []];
	troubles = new Troubles(silentLogger, {});
});
afterEach(() => stop());

/** A reader that gives the lane all that it reads. */
function reading(bytes = 1_000_000): Reader {
	const { ctx: open, cancel } = ctx.withCancel();
	stop = cancel;
	const watched: TopicLog = {
		lanes: topic.lanes,
		retainMs: topic.retainMs,
		features: topic.features,
		topic: topic.topic,
		append: (events, ctx) => topic.append(events, ctx),
		get: (places, ctx) => topic.get(places, ctx),
		at: (when, ctx) => topic.at(when, ctx),
		diverged: (after, ctx) => topic.diverged(after, ctx),
		behind: (after, ctx) => topic.behind(after, ctx),
		changed: (after, ctx) => {
			waits++;
			return topic.changed(after, ctx);
		},
		place: (receipt, ctx) => topic.place(receipt, ctx),
		read: (after, bounds, ctx) => {
			asked.push(bounds);
			return isAway ? Promise.reject(new Error("away")) : topic.read(after, bounds, ctx);
		},
	};
	const reader = new Reader({
		topic: watched,
		concurrency: 16,
		bytes,
		patienceMs: 10_000,
		ctx: open,
		troubles,
		lanes: () => new Map([[0, lane]]),
		diverged: (lane) => {
			diverged.push(lane.number);
			void lane.close();
		},
		take: async (page) => {
			if (page.events.length > 0) pages.push(page);
			for (const placed of page.events) lane.take(placed);
			lane.readTo(page.next.get(0) ?? "");
		},
	});
	void reader.run();
	return reader;
}

async function publish(count: number, first = 0): Promise<void> {
	const events = Array.from({ length: count }, (_, index) => inLane(first + index, `key ${index}`).event);
	await topic.append(events, ctx);
}

/** Handles all that is in hand. */
function handleAll(reader: Reader): void {
	const running: EventInHand[] = [];
	for (let event = lane.next(); event !== undefined; event = lane.next()) running.push(event);
	for (const event of running) {
		lane.end(event, { do: "done" });
		reader.freed(lane);
	}
}

function count(): number {
	return pages.reduce((sum, { events }) => sum + events.length, 0);
}

describe("a reader", () => {
	test("reads what is there, and what comes", async () => {
		await publish(10);
		reading();
		await vi.waitFor(() => expect(count()).toBe(10));
		await publish(5, 10);
		await vi.waitFor(() => expect(count()).toBe(15));
	});

	test("waits for news behind a page that is not full, and reads no empty page", async () => {
		await publish(10);
		reading();
		await vi.waitFor(() => expect(waits).toBe(1));
		expect(asked).toHaveLength(1);
	});

	test("stops while enough is in hand, and goes on when it is handled", async () => {
		await publish(5_000);
		const reader = reading();
		await vi.waitFor(() => expect(count()).toBeGreaterThan(0));
		await vi.waitFor(() => expect(lane.inHand).toBeGreaterThanOrEqual(256));
		expect(lane.inHand).toBeLessThanOrEqual(768);
		await vi.waitFor(() => {
			handleAll(reader);
			expect(count()).toBe(5_000);
		});
	});

	test("keeps to its bytes", async () => {
		await publish(1_000);
		reading(2_000);
		await vi.waitFor(() => expect(count()).toBeGreaterThan(0));
		expect(lane.bytes).toBeLessThan(4_000);
		expect(asked.every(({ bytes }) => bytes <= 2_000)).toBe(true);
	});

	test("says that the log is away, and goes on when it is back", async () => {
		isAway = true;
		await publish(10);
		reading();
		await vi.waitFor(() => expect(troubles.text).toContain("the log cannot be read: away"));
		isAway = false;
		await vi.waitFor(() => expect([count(), troubles.text]).toEqual([10, undefined]));
		expect(diverged).toEqual([]);
	});

	test("passes nothing over when the log comes back with other events, as after a restore: it tells the lane", async () => {
		await publish(10);
		reading();
		await vi.waitFor(() => expect(count()).toBe(10));
		isAway = true;
		await publish(1, 10);
		await vi.waitFor(() => expect(troubles.text).toContain("away"));
		topic = await memoryLog().open("matches", { lanes: 1 }, ctx);
		await publish(20, 100);
		isAway = false;
		await vi.waitFor(() => expect(diverged).toEqual([0]));
		expect(count()).toBe(10);
	});
});

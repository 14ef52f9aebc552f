import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Context } from "../../context/context.ts";
import type { Deferred } from "../group-state.ts";
import { defaultRetainMs, type TopicLog } from "../log.ts";
import { memoryLog } from "../memory-log.ts";
import { inLane } from "./fixtures/in-lane.ts";
import { Lane } from "./lane.ts";
import { RetentionWatch } from "./retention-watch.ts";

const ctx = Context.background();
const dayMs = 86_400_000;

let topic: TopicLog;
let lane: Lane;
let watch: RetentionWatch;
const logged: string[] = [];

/** Begins to watch a lane of a topic that keeps its events for so long, of which one is parked. */
async function begin(retainMs: number = defaultRetainMs): Promise<void> {
	topic = await memoryLog().open("matches", { lanes: 1, retainMs }, ctx);
	const [receipt] = await topic.append([inLane(1, "a").event], ctx);
	const entry: Deferred = {
		id: "k:a",
		key: "a",
		cursor: receipt?.cursor ?? "",
		attempt: 8,
		due: "parked",
		since: Date.now(),
	};
	const state = { cursor: entry.cursor, ahead: [], deferred: [entry], crashes: 0 };
	const options = { park: "key", deferredBound: 10, longestPauseMs: 5, crashed: false, ctx } as const;
	lane = new Lane({ lane: 0, member: "m", epoch: 1, state }, { ...options, changed: () => {} });
	watch = watchOf();
}

function watchOf(): RetentionWatch {
	return new RetentionWatch({
		topic,
		group: "rewards",
		lanes: () => [lane],
		patienceMs: 1_000,
		ctx,
		logger: { log: (level, message) => logged.push(`${level} ${message}`) },
	});
}

beforeEach(() => {
	vi.useFakeTimers();
	logged.length = 0;
});
afterEach(() => {
	watch.close();
	vi.useRealTimers();
});

test("an event that is parked is kept for as long as the rest of its topic's retention", async () => {
	await begin();
	await vi.advanceTimersByTimeAsync(10 * dayMs);
	expect(watch.report.keptForSeconds).toBeCloseTo((20 * dayMs) / 1_000, 0);
	expect(watch.report.warning).toBeUndefined();
	expect(logged).toEqual([]);
});

test("an event that its topic forgets soon is told once, with what to do", async () => {
	await begin();
	await vi.advanceTimersByTimeAsync(29 * dayMs);
	expect(logged).toEqual([
		expect.stringMatching(
			/^warn the oldest event .* will be lost in 6 days: .* keeps events for 30 days; 1 parked here.*allium parked list matches rewards/,
		),
	]);
	expect(watch.report.warning).toContain("will be lost in 1 days");
});

test("an event that its topic had forgotten before the lane was claimed is told as lost", async () => {
	await begin();
	await vi.advanceTimersByTimeAsync(20 * dayMs);
	await topic.append([inLane(2, "b").event], ctx);
	watch.close();
	await vi.advanceTimersByTimeAsync(11 * dayMs);
	watch = watchOf();
	await vi.advanceTimersByTimeAsync(60_000);
	expect(watch.report).toMatchObject({
		keptForSeconds: 0,
		warning: expect.stringMatching(/is lost: .* 1 parked here/),
	});
});

test("an event that is settled in time is not warned of any longer", async () => {
	await begin();
	await vi.advanceTimersByTimeAsync(28 * dayMs);
	for (const entry of [...lane.deferrals.all()]) lane.settle(entry);
	await vi.advanceTimersByTimeAsync(dayMs);
	expect(watch.report).toEqual({});
	expect(logged.at(-1)).toMatch(/^info over: /);
});

test("an event that waits for its turn counts as one that is parked, and the lag is to blame", async () => {
	await begin();
	for (const entry of [...lane.deferrals.all()]) lane.settle(entry);
	const page = await topic.read(new Map([[0, ""]]), { events: 1, bytes: 1_000 }, ctx);
	for (const placed of page.events) lane.take(placed);
	await vi.advanceTimersByTimeAsync(29 * dayMs);
	expect(watch.report.warning).toMatch(/; see to the lag$/);
});

test("a topic that keeps its events for ever is not asked", async () => {
	await begin(Number.POSITIVE_INFINITY);
	const asked = vi.spyOn(topic, "behind");
	await vi.advanceTimersByTimeAsync(100 * dayMs);
	expect(asked).not.toHaveBeenCalled();
	expect(watch.report).toEqual({});
});

test("a backend that is away is asked again", async () => {
	await begin();
	vi.spyOn(topic, "behind").mockRejectedValueOnce(new Error("away"));
	await vi.advanceTimersByTimeAsync(dayMs);
	expect(watch.report.keptForSeconds).toBeDefined();
});

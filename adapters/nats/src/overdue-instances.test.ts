import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { OverdueInstances, settlingMs } from "./overdue-instances.ts";

const ttlMs = 1_000;
/** Long enough for the timers of the settling. */
const settledMs = settlingMs + 10;

describe("instances whose heartbeats stay away", () => {
	let questions: ((answered: boolean) => void)[];
	let decisions: string[];
	let overdue: OverdueInstances;

	beforeEach(() => {
		vi.useFakeTimers();
		questions = [];
		decisions = [];
		overdue = new OverdueInstances({
			answers: () => new Promise((resolve) => questions.push(resolve)),
			spare: (name) => decisions.push(`spare ${name}`),
			remove: (name) => decisions.push(`remove ${name}`),
		});
	});
	afterEach(() => {
		expect(vi.getTimerCount()).toBe(0);
		vi.useRealTimers();
	});

	/** The server answers the last question after this many milliseconds. */
	async function answer(milliseconds: number, answered = true): Promise<void> {
		await vi.advanceTimersByTimeAsync(milliseconds);
		questions.at(-1)?.(answered);
		await vi.advanceTimersByTimeAsync(0);
	}

	test("are removed when the server is well and no heartbeat follows its answer", async () => {
		overdue.add("a", ttlMs);
		await answer(1);
		expect(decisions).toEqual([]);
		await vi.advanceTimersByTimeAsync(settledMs);
		expect(decisions).toEqual(["remove a"]);
	});

	test("stay when their heartbeats follow the answer of a server that went on a moment before", async () => {
		overdue.add("a", ttlMs);
		overdue.add("b", ttlMs);
		await answer(1);
		await vi.advanceTimersByTimeAsync(settlingMs / 2);
		overdue.delete("a");
		await vi.advanceTimersByTimeAsync(settledMs);
		expect(decisions).toEqual(["remove b"]);
	});

	test("have one more time to live after an answer that took longer than a quarter of it", async () => {
		overdue.add("short", ttlMs);
		overdue.add("long", 10 * ttlMs);
		await answer(ttlMs / 4 + 1);
		await vi.advanceTimersByTimeAsync(settledMs);
		expect(decisions).toEqual(["spare short", "remove long"]);
	});

	test("have one more time to live when the server does not answer", async () => {
		overdue.add("a", ttlMs);
		await answer(1, false);
		await vi.advanceTimersByTimeAsync(settledMs);
		expect(decisions).toEqual(["spare a"]);
	});

	test("share a question; those that come after its answer have a question of their own", async () => {
		overdue.add("a", ttlMs);
		overdue.add("b", ttlMs);
		await answer(1);
		overdue.add("late", ttlMs);
		expect(questions).toHaveLength(1);
		await vi.advanceTimersByTimeAsync(settledMs);
		expect(decisions).toEqual(["remove a", "remove b"]);
		expect(questions).toHaveLength(2);
		await answer(1);
		await vi.advanceTimersByTimeAsync(settledMs);
		expect(decisions).toEqual(["remove a", "remove b", "remove late"]);
	});

	test("are not decided on by the answer to a question that was cleared away", async () => {
		overdue.add("a", ttlMs);
		overdue.clear();
		overdue.add("b", ttlMs);
		questions[0]?.(true);
		await vi.advanceTimersByTimeAsync(2 * settlingMs);
		expect(decisions).toEqual([]);
		await answer(0);
		overdue.clear();
		await vi.advanceTimersByTimeAsync(2 * settlingMs);
		expect(decisions).toEqual([]);
	});
});

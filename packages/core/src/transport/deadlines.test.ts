import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Deadlines, type Expiring } from "./deadlines.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function watched() {
	const calls = new Set<Expiring>();
	const deadlines = new Deadlines(() => calls);
	const ended: string[] = [];
	const add = (name: string, inMs: number): void => {
		const call: Expiring = {
			deadline: performance.now() + inMs,
			onDeadline() {
				ended.push(name);
				calls.delete(call);
			},
		};
		calls.add(call);
		deadlines.watch(call.deadline);
	};
	return { calls, deadlines, ended, add };
}

describe("the deadlines of a connection", () => {
	test("end each call at its own, whatever the order in which they came", () => {
		const { add, ended } = watched();
		add("second", 200);
		add("first", 100);
		add("third", 300);
		vi.advanceTimersByTime(100);
		expect(ended).toEqual(["first"]);
		vi.advanceTimersByTime(100);
		expect(ended).toEqual(["first", "second"]);
		vi.advanceTimersByTime(100);
		expect(ended).toEqual(["first", "second", "third"]);
		expect(vi.getTimerCount()).toBe(0);
	});

	test("take one timer for any number of calls", () => {
		const { add } = watched();
		for (let count = 0; count < 1000; count++) add("call", 10_000 + count);
		expect(vi.getTimerCount()).toBe(1);
	});

	test("take none for calls without a deadline, nor when they were stopped", () => {
		const { add, deadlines } = watched();
		add("endless", Number.POSITIVE_INFINITY);
		expect(vi.getTimerCount()).toBe(0);
		add("short", 100);
		deadlines.stop();
		expect(vi.getTimerCount()).toBe(0);
	});

	test("take none once the calls are gone and the time has passed", () => {
		const { add, calls, ended } = watched();
		add("answered in time", 100);
		calls.clear();
		vi.advanceTimersByTime(100);
		expect([ended, vi.getTimerCount()]).toEqual([[], 0]);
	});

	test("watch a call that comes while others end", () => {
		const { add, ended } = watched();
		add("first", 100);
		vi.advanceTimersByTime(100);
		add("late", 50);
		vi.advanceTimersByTime(50);
		expect(ended).toEqual(["first", "late"]);
	});
});

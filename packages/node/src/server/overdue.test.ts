import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Overdue } from "./overdue.ts";

let expired: string[];
let overdue: Overdue<{ name: string }>;

beforeEach(() => {
	vi.useFakeTimers();
	expired = [];
	overdue = new Overdue(100, ({ name }) => expired.push(name));
});

afterEach(() => {
	overdue.close();
	vi.useRealTimers();
});

test("each item expires at its own time", () => {
	overdue.add({ name: "a" });
	vi.advanceTimersByTime(60);
	overdue.add({ name: "b" });
	vi.advanceTimersByTime(50);
	expect(expired).toEqual(["a"]);
	vi.advanceTimersByTime(50);
	expect(expired).toEqual(["a", "b"]);
	expect(vi.getTimerCount()).toBe(0);
});

test("a deleted item does not expire", () => {
	const item = { name: "a" };
	const due = overdue.add(item);
	due.leave();
	due.leave();
	vi.advanceTimersByTime(200);
	expect(expired).toEqual([]);
	expect(vi.getTimerCount()).toBe(0);
});

test("an entry that is done leaves the others as they are", () => {
	const [, b, c] = ["a", "b", "c", "d"].map((name) => overdue.add({ name }));
	b?.leave();
	c?.leave();
	vi.advanceTimersByTime(100);
	expect(expired).toEqual(["a", "d"]);
});

test("closing forgets all and ends the timer", () => {
	overdue.add({ name: "a" });
	overdue.close();
	expect(vi.getTimerCount()).toBe(0);
	vi.advanceTimersByTime(200);
	expect(expired).toEqual([]);
});

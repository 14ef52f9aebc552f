import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Departures } from "./departures.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterEach(() => void vi.useRealTimers());

test("instances that leave are believed to while half of them stay", () => {
	const departures = new Departures();
	departures.leave(4);
	expect([3, 2, 1].map((stay) => departures.isCredible(stay, 4))).toEqual([true, true, false]);
});

test("those that left within ten seconds count together, and then no more", () => {
	const departures = new Departures();
	departures.leave(4);
	vi.advanceTimersByTime(9_999);
	departures.leave(2);
	expect(departures.isCredible(1, 2)).toBe(false);
	vi.advanceTimersByTime(1);
	expect(departures.isCredible(1, 2)).toBe(true);
});

test("the last one is never believed to leave", () => {
	const departures = new Departures();
	departures.leave(1);
	expect(departures.isCredible(0, 1)).toBe(false);
	vi.advanceTimersByTime(60_000);
	expect(departures.isCredible(0, 1)).toBe(false);
});

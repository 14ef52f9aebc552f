import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cursorAt } from "../cursor.ts";
import { LaneWindow, type WindowPlace } from "./lane-window.ts";

function place(position: number): WindowPlace {
	return { cursor: cursorAt(position, "event"), settled: false };
}

/** A window in which these positions were read. */
function reading(positions: readonly number[]) {
	const window = new LaneWindow("", []);
	const places = positions.map(place);
	for (const each of places) window.add(each);
	window.readTo(cursorAt(positions.at(-1) ?? 0, "event"));
	return { window, places };
}

describe("the cursor", () => {
	test("never passes an event that is not settled, in whatever order events are settled", () => {
		const order = fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
		const property = fc.property(order, (settled) => {
			const { window, places } = reading([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
			for (const index of settled) {
				const each = places[index];
				if (each !== undefined) window.settle(each);
				const open = places.filter((each) => !each.settled);
				for (const { cursor } of open) {
					expect(window.cursor < cursor).toBe(true);
					expect(window.ahead()).not.toContain(cursor);
				}
				const passed = places.filter((each) => each.settled);
				for (const { cursor } of passed) {
					expect(cursor <= window.cursor || window.ahead().includes(cursor)).toBe(true);
				}
			}
		});
		fc.assert(property);
	});

	test("goes to where the log was read once all is settled", () => {
		const { window, places } = reading([1, 2]);
		window.readTo(cursorAt(9, "other"));
		for (const each of places) window.settle(each);
		expect(window.cursor).toBe(cursorAt(9, "other"));
		window.readTo(cursorAt(12, "other"));
		expect(window.cursor).toBe(cursorAt(12, "other"));
	});

	test("passes ten thousand settled events, and keeps none of them", () => {
		const { window, places } = reading(Array.from({ length: 10_000 }, (_, index) => index + 1));
		for (const each of places) window.settle(each);
		expect([window.length, window.cursor]).toEqual([0, cursorAt(10_000, "event")]);
	});
});

describe("what was settled ahead before the lane was claimed", () => {
	const ahead = [3, 5].map((position) => cursorAt(position, "event"));

	test("is known when it is met, and stays settled ahead until the cursor passes it", () => {
		const window = new LaneWindow(cursorAt(1, "event"), ahead);
		expect(window.hasMetAhead).toBe(false);
		const open = place(2);
		window.add(open);
		expect(window.wasSettledAhead(cursorAt(3, "event"))).toBe(true);
		expect(window.wasSettledAhead(cursorAt(4, "event"))).toBe(false);
		expect(window.ahead()).toEqual(ahead);
		window.settle(open);
		expect(window.cursor).toBe(cursorAt(3, "event"));
		window.readTo(cursorAt(5, "event"));
		expect(window.hasMetAhead).toBe(true);
	});

	test("is forgotten when the log keeps it no longer", () => {
		const window = new LaneWindow("", ahead);
		window.readTo(cursorAt(7, "other"));
		expect([window.ahead(), window.cursor]).toEqual([[], cursorAt(7, "other")]);
	});
});

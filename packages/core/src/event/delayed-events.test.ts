import { expect, test } from "vitest";
import { DelayedEvents } from "./delayed-events.ts";
import type { Delayed } from "./group-state.ts";

test("delayed events are found in the order of their times, and then of their arrival", () => {
	const delayed = new DelayedEvents();
	for (const [cursor, due] of [
		["a", 5],
		["b", 3],
		["c", 5],
		["d", 9],
	] as const)
		delayed.add({ cursor, due });
	expect(delayed.before(9, 10).map(({ cursor }) => cursor)).toEqual(["b", "a", "c"]);
	expect(delayed.before(9, 2).map(({ cursor }) => cursor)).toEqual(["b", "a"]);
	expect(delayed.before(3, 10)).toEqual([]);
});

test("an event that is delayed again has its new time alone, and one that is deleted is gone", () => {
	const delayed = new DelayedEvents();
	for (const cursor of ["a", "b", "c"]) delayed.add({ cursor, due: 5 });
	delayed.add({ cursor: "a", due: 7 });
	delayed.delete("b");
	delayed.delete("missing");
	expect(delayed.size).toBe(2);
	expect(delayed.before(10, 10)).toEqual([
		{ cursor: "c", due: 5 },
		{ cursor: "a", due: 7 },
	]);
});

test("many events come and go as in a list that is sorted each time", () => {
	const delayed = new DelayedEvents();
	const plain = new Map<string, Delayed>();
	for (let step = 0; step < 5_000; step++) {
		const cursor = `c${Math.floor(Math.random() * 500)}`;
		if (Math.random() < 0.3) {
			delayed.delete(cursor);
			plain.delete(cursor);
		} else {
			const added = { cursor, due: Math.floor(Math.random() * 50) };
			delayed.add(added);
			plain.delete(cursor);
			plain.set(cursor, added);
		}
	}
	const sorted = [...plain.values()].sort((one, other) => one.due - other.due);
	expect(delayed.before(50, 1_000)).toEqual(sorted);
});

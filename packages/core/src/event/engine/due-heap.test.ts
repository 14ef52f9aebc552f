import fc from "fast-check";
import { expect, test } from "vitest";
import { DueHeap } from "./due-heap.ts";

test("gives its items by the time at which they are due, however they were added", () => {
	const property = fc.property(fc.array(fc.integer({ min: 0, max: 50 })), (dues) => {
		const heap = new DueHeap<number>();
		for (const due of dues) heap.push(due, due);
		expect(heap.due).toBe(Math.min(...dues));
		const given = dues.map(() => heap.pop());
		expect(given).toEqual([...dues].sort((one, other) => one - other));
		expect([heap.size, heap.first, heap.pop()]).toEqual([0, undefined, undefined]);
	});
	fc.assert(property);
});

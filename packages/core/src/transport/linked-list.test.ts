import { describe, expect, test } from "vitest";
import { LinkedList } from "./linked-list.ts";

function drained(list: LinkedList<string>): string[] {
	const items: string[] = [];
	for (let item = list.shift(); item !== undefined; item = list.shift()) items.push(item);
	return items;
}

describe("a linked list", () => {
	test("gives its items in the order in which they came", () => {
		const list = new LinkedList<string>();
		for (const item of ["a", "b", "c"]) list.add(item);
		expect(list.first).toBe("a");
		expect(drained(list)).toEqual(["a", "b", "c"]);
	});

	test("has nothing when it is empty, however often it is asked", () => {
		const list = new LinkedList<string>();
		expect([list.first, list.shift(), list.shift()]).toEqual([undefined, undefined, undefined]);
		list.add("a");
		expect(drained(list)).toEqual(["a"]);
	});

	test("gives all at once without losing them, and none when it is empty", () => {
		const list = new LinkedList<string>();
		expect(list.all()).toEqual([]);
		for (const item of ["a", "b", "c"]) list.add(item);
		expect(list.all()).toEqual(["a", "b", "c"]);
		expect(drained(list)).toEqual(["a", "b", "c"]);
	});

	test.each([0, 1, 2])("loses the item at place %i alone when that leaves, twice or once", (index) => {
		const list = new LinkedList<string>();
		const places = ["a", "b", "c"].map((item) => list.add(item));
		places[index]?.leave();
		places[index]?.leave();
		expect(drained(list)).toEqual(["a", "b", "c"].toSpliced(index, 1));
	});

	test("does not mind that an item leaves which was shifted before", () => {
		const list = new LinkedList<string>();
		const place = list.add("a");
		list.add("b");
		list.shift();
		place.leave();
		expect(drained(list)).toEqual(["b"]);
	});
});

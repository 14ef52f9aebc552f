import { beforeEach, describe, expect, test } from "vitest";
import { Delays, delaysAtOnce } from "./delays.ts";

let delays: Delays;
beforeEach(() => {
	delays = new Delays();
});

function upTo(count: number, first = 1): { readonly cursor: string; readonly due: number }[] {
	return Array.from({ length: count }, (_, index) => ({ cursor: `c${first + index}`, due: first + index }));
}

describe("delayed events", () => {
	test("are asked for first, as there may be some from before", () => {
		expect(delays.needsMore).toBe(true);
		delays.ask();
		expect(delays.needsMore).toBe(false);
		delays.told([{ cursor: "c", due: 10 }]);
		expect([delays.takeDue(9), delays.takeDue(10)?.cursor, delays.needsMore]).toEqual([
			undefined,
			"c",
			false,
		]);
	});

	test("that are added while they are asked for are not forgotten", () => {
		delays.ask();
		delays.add({ cursor: "late", due: 5 });
		delays.told([]);
		expect(delays.takeDue(5)?.cursor).toBe("late");
	});

	test("are asked for again when all that are known are handled, and there may be more", () => {
		delays.ask();
		delays.told(upTo(delaysAtOnce));
		delays.add({ cursor: "beyond", due: delaysAtOnce + 1 });
		for (let due = 1; due <= delaysAtOnce; due++) expect(delays.takeDue(1_000)?.due).toBe(due);
		expect([delays.takeDue(1_000), delays.needsMore]).toEqual([undefined, true]);
	});

	test("that are being handled are not given again when they are told again", () => {
		delays.ask();
		delays.told([{ cursor: "c", due: 1 }]);
		delays.takeDue(1);
		delays.ask();
		delays.forget("c");
		delays.told([{ cursor: "c", due: 1 }]);
		expect(delays.takeDue(1)).toBeUndefined();
	});

	test.each([
		["the latest first", upTo(10 * delaysAtOnce).reverse()],
		["also where all are due at one time", upTo(10 * delaysAtOnce).map((each) => ({ ...each, due: 7 }))],
	])("are forgotten beyond a bound, %s, and asked for again", (_, added) => {
		delays.ask();
		delays.told([]);
		for (const each of added) delays.add(each);
		let given = 0;
		while (delays.takeDue(Number.MAX_SAFE_INTEGER) !== undefined) given++;
		expect(given).toBeLessThan(5 * delaysAtOnce);
		expect(delays.needsMore).toBe(true);
	});

	test("of one time are all handled, though they are told in parts", () => {
		const left = new Map(upTo(3 * delaysAtOnce).map(({ cursor }) => [cursor, { cursor, due: 7 }]));
		const handled: string[] = [];
		while (delays.needsMore) {
			delays.ask();
			delays.told([...left.values()].slice(0, delaysAtOnce));
			for (let next = delays.takeDue(7); next !== undefined; next = delays.takeDue(7)) {
				handled.push(next.cursor);
				left.delete(next.cursor);
				delays.forget(next.cursor);
			}
		}
		expect(new Set(handled).size).toBe(3 * delaysAtOnce);
		expect(handled).toHaveLength(3 * delaysAtOnce);
	});

	test("are asked for again when the group's state did not answer", () => {
		delays.ask();
		delays.told(undefined);
		expect(delays.needsMore).toBe(true);
	});
});

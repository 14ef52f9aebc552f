import { beforeEach, describe, expect, test } from "vitest";
import type { Deferred } from "../group-state.ts";
import { Deferrals } from "./deferrals.ts";

let deferrals: Deferrals;
beforeEach(() => {
	deferrals = new Deferrals();
});

function deferred(id: string, due: number | "parked", more: Partial<Deferred> = {}): Deferred {
	return { id, cursor: id, attempt: 1, due, since: 1, ...more };
}

describe("deferred events", () => {
	test("are given when they are due, the earliest first, and once", () => {
		for (const due of [30, 10, 20]) deferrals.put(deferred(`e:${due}`, due));
		expect([deferrals.due, deferrals.takeDue(9)]).toEqual([10, undefined]);
		expect([25, 25, 25].map((now) => deferrals.takeDue(now)?.id)).toEqual(["e:10", "e:20", undefined]);
		expect(deferrals.size).toBe(3);
	});

	test("are given again after they were put back", () => {
		deferrals.put(deferred("e:1", 10));
		deferrals.takeDue(10);
		deferrals.put(deferred("e:1", 50));
		expect([deferrals.takeDue(49), deferrals.takeDue(50)?.due]).toEqual([undefined, 50]);
	});

	test("are not given when they are parked, or gone by then", () => {
		deferrals.put(deferred("e:1", 10));
		deferrals.put(deferred("e:1", "parked"));
		deferrals.put(deferred("e:2", 10));
		deferrals.delete("e:2");
		expect([deferrals.takeDue(100), deferrals.due, deferrals.size]).toEqual([
			undefined,
			Number.POSITIVE_INFINITY,
			1,
		]);
	});

	test("that failed ten thousand times take no more room than once", () => {
		deferrals.put(deferred("e:1", 1));
		for (let due = 1; due <= 10_000; due++) {
			expect(deferrals.takeDue(due)?.due).toBe(due);
			deferrals.put(deferred("e:1", due + 1));
		}
		expect([deferrals.size, deferrals.due]).toEqual([1, 10_001]);
	});
});

describe("what operators change", () => {
	test("makes a parked event due at once", () => {
		deferrals.put(deferred("e:1", "parked"));
		deferrals.merge([deferred("e:1", 0, { discard: true })]);
		expect(deferrals.takeDue(1)).toMatchObject({ due: 0, discard: true });
	});

	test("does not touch what goes on here meanwhile", () => {
		deferrals.put(deferred("e:1", 50));
		deferrals.put(deferred("e:2", "parked"));
		deferrals.merge([deferred("e:1", 0), deferred("e:2", 40), deferred("e:3", 0)]);
		expect([deferrals.takeDue(49), deferrals.get("e:2")?.due, deferrals.size]).toEqual([
			undefined,
			"parked",
			2,
		]);
	});
});

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Renewals } from "./renewals.ts";

const ttlMs = 1_000;

let expired: string[];
let renewals: Renewals;

beforeEach(() => {
	vi.useFakeTimers();
	expired = [];
	renewals = new Renewals({ ttlMs, expired: (key) => expired.push(key) });
});
afterEach(() => {
	renewals.close();
	vi.restoreAllMocks();
	vi.useRealTimers();
});

/** The process does not run for a while: its clock goes on, and its timers fire late. */
function suspend(milliseconds: number): void {
	const now = performance.now.bind(performance);
	vi.spyOn(performance, "now").mockImplementation(() => now() + milliseconds);
}

describe("a key", () => {
	test("expires when its time to live has passed since its last renewal, and once", () => {
		renewals.renewed("a");
		vi.advanceTimersByTime(600);
		renewals.renewed("a");
		vi.advanceTimersByTime(999);
		expect(expired).toEqual([]);
		expect(renewals.has("a")).toBe(true);
		vi.advanceTimersByTime(1);
		expect(expired).toEqual(["a"]);
		expect(renewals.has("a")).toBe(false);
		vi.advanceTimersByTime(10 * ttlMs);
		expect(expired).toEqual(["a"]);
	});

	test("has the time to live of its last renewal", () => {
		renewals.renewed("short", 100);
		renewals.renewed("long", 5_000);
		renewals.renewed("never", Number.POSITIVE_INFINITY);
		vi.advanceTimersByTime(100);
		expect(expired).toEqual(["short"]);
		renewals.renewed("long", 200);
		vi.advanceTimersByTime(200);
		expect(expired).toEqual(["short", "long"]);
		vi.advanceTimersByTime(1_000_000);
		expect(renewals.has("never")).toBe(true);
	});

	test("that comes later and lasts shorter expires first", () => {
		renewals.renewed("a");
		vi.advanceTimersByTime(100);
		renewals.renewed("b", 200);
		vi.advanceTimersByTime(200);
		expect(expired).toEqual(["b"]);
		vi.advanceTimersByTime(700);
		expect(expired).toEqual(["b", "a"]);
	});

	test("that is forgotten does not expire", () => {
		renewals.renewed("a");
		renewals.renewed("b");
		renewals.forget("a");
		vi.advanceTimersByTime(ttlMs);
		expect(expired).toEqual(["b"]);
	});

	test("that was forgotten or has expired is awaited again after a renewal", () => {
		renewals.renewed("a");
		vi.advanceTimersByTime(ttlMs);
		renewals.renewed("a");
		vi.advanceTimersByTime(ttlMs);
		expect(expired).toEqual(["a", "a"]);
	});
});

describe("a process that did not run", () => {
	test("gives everybody one more time to live", () => {
		renewals.renewed("a");
		renewals.renewed("b", 5_000);
		suspend(3_600_000);
		vi.advanceTimersByTime(900);
		renewals.renewed("a");
		expect(expired).toEqual([]);
		vi.advanceTimersByTime(999);
		expect(expired).toEqual([]);
		vi.advanceTimersByTime(1);
		expect(expired).toEqual(["a"]);
		vi.advanceTimersByTime(4_000);
		expect(expired).toEqual(["a", "b"]);
	});

	test("notices a pause that ends just before a key expires", () => {
		renewals.renewed("a");
		vi.advanceTimersByTime(100);
		suspend(880);
		vi.advanceTimersByTime(800);
		expect(expired).toEqual([]);
		vi.advanceTimersByTime(ttlMs);
		expect(expired).toEqual(["a"]);
	});
});

describe("while the connection is lost", () => {
	test("nobody expires, and everybody has one time to live once it is back", () => {
		renewals.renewed("a");
		renewals.renewed("b");
		vi.advanceTimersByTime(900);
		renewals.pause();
		expect(vi.getTimerCount()).toBe(0);
		vi.advanceTimersByTime(60_000);
		renewals.resume();
		vi.advanceTimersByTime(500);
		renewals.renewed("b");
		vi.advanceTimersByTime(499);
		expect(expired).toEqual([]);
		vi.advanceTimersByTime(1);
		expect(expired).toEqual(["a"]);
	});

	test("keys can come and go", () => {
		renewals.renewed("a");
		renewals.pause();
		renewals.renewed("b");
		renewals.forget("a");
		expect(vi.getTimerCount()).toBe(0);
		renewals.resume();
		vi.advanceTimersByTime(ttlMs);
		expect(expired).toEqual(["b"]);
	});

	test("resuming without a pause gives nobody more time", () => {
		renewals.renewed("a");
		vi.advanceTimersByTime(900);
		renewals.resume();
		vi.advanceTimersByTime(100);
		expect(expired).toEqual(["a"]);
	});
});

describe("the timer", () => {
	test("is one, however many keys there are", () => {
		for (let key = 0; key < 1_000; key++) renewals.renewed(`${key}`, 100 + key);
		expect(vi.getTimerCount()).toBe(1);
		vi.advanceTimersByTime(500);
		expect(vi.getTimerCount()).toBe(1);
	});

	test.each([
		["the last key is forgotten", () => renewals.forget("a")],
		["all are forgotten", () => renewals.clear()],
		["the last key has expired", () => vi.advanceTimersByTime(ttlMs)],
		["it is closed", () => renewals.close()],
	])("is gone when %s", (_, end) => {
		renewals.renewed("a");
		end();
		expect(vi.getTimerCount()).toBe(0);
	});

	test("does not come back after close", () => {
		renewals.renewed("a");
		renewals.close();
		renewals.renewed("b");
		renewals.resume();
		expect(vi.getTimerCount()).toBe(0);
		expect(renewals.has("b")).toBe(false);
	});

	test("stays away when expiry closes", () => {
		renewals = new Renewals({ ttlMs, expired: () => renewals.close() });
		renewals.renewed("a");
		renewals.renewed("b");
		vi.advanceTimersByTime(ttlMs);
		expect(vi.getTimerCount()).toBe(0);
	});
});

test("a time to live is above 0", () => {
	expect(() => new Renewals({ ttlMs: 0, expired: () => {} })).toThrow(RangeError);
});

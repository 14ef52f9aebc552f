import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { memoryCache } from "./memory-cache.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterEach(() => void vi.useRealTimers());

const entry = (body: string) => ({ body, freshUntil: 0 });
/** Takes about 1,200 bytes with a key of one letter. */
const page = entry("x".repeat(499));

test("keeps what it is given, and the newest of it", () => {
	const store = memoryCache();
	store.set("a", entry("1"), 1000);
	store.set("a", entry("2"), 1000);
	expect([store.get("a"), store.get("b")]).toEqual([entry("2"), undefined]);
});

test("forgets it when its time is over", () => {
	const store = memoryCache();
	store.set("a", entry("1"), 1000);
	vi.advanceTimersByTime(999);
	expect(store.get("a")).toEqual(entry("1"));
	vi.advanceTimersByTime(1);
	expect(store.get("a")).toBeUndefined();
});

test("forgets what was unused for longest when it takes too much", () => {
	const store = memoryCache({ maxBytes: 3600 });
	for (const key of ["a", "b", "c"]) store.set(key, page, 1000);
	store.get("a");
	store.set("d", page, 1000);
	expect(["a", "b", "c", "d"].filter((key) => store.get(key) !== undefined)).toEqual(["a", "c", "d"]);
});

test("no longer counts a replaced entry", () => {
	const store = memoryCache({ maxBytes: 3600 });
	store.set("a", page, 1000);
	for (let times = 0; times < 10; times++) store.set("b", page, 1000);
	expect(store.get("a")).toBeDefined();
});

test("does not keep an entry that is larger than all its room, nor forgets the rest for it", () => {
	const store = memoryCache({ maxBytes: 3600 });
	store.set("a", page, 1000);
	store.set("b", entry("x".repeat(4000)), 1000);
	expect([store.get("a"), store.get("b")]).toEqual([page, undefined]);
});

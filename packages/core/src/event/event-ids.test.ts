import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { EventIds } from "./event-ids.ts";

const now = Date.parse("2026-01-01T00:00:00Z");

beforeEach(() => void vi.useFakeTimers({ now }));
afterEach(() => void vi.useRealTimers());

test("an id is a UUID of version 7 that begins with the time", () => {
	const id = new EventIds().next();
	expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
	expect(Number.parseInt(id.slice(0, 13).replace("-", ""), 16)).toBe(now);
});

test("an id is greater than the one before, also within a millisecond, and when the clock was set back", () => {
	const source = new EventIds();
	const ids = Array.from({ length: 10_000 }, () => source.next());
	vi.setSystemTime(0);
	ids.push(...Array.from({ length: 10_000 }, () => source.next()));
	expect(ids).toEqual([...new Set(ids)].sort());
});

test("two processes that publish at one time have different ids", () => {
	expect(new EventIds().next()).not.toBe(new EventIds().next());
});

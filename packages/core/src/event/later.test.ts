import { afterEach, beforeEach, expect, test, vi } from "vitest";
import * as z from "zod";
import { contract } from "../contract/contract.ts";
import { event } from "../contract/event.ts";
import { later } from "./later.ts";

const Matches = contract("matches", { expired: event({ key: "id", data: z.object({ id: z.string() }) }) });

beforeEach(() => void vi.useFakeTimers({ now: Date.parse("2026-01-01T00:00:00Z") }));
afterEach(() => void vi.useRealTimers());

test("an event can be handled some milliseconds later", () => {
	const event = later(Matches.expired({ id: "m1" }), 60_000);
	expect(event).toMatchObject({ data: { id: "m1" }, notBefore: "2026-01-01T00:01:00.000Z" });
});

test("an event can be handled at a time", () => {
	const at = new Date("2027-01-01T00:00:00Z");
	expect(later(Matches.expired({ id: "m1" }), at).notBefore).toBe("2027-01-01T00:00:00.000Z");
});

test("what is no time is refused", () => {
	for (const when of [Number.NaN, Number.POSITIVE_INFINITY, new Date("soon")]) {
		expect(() => later(Matches.expired({ id: "m1" }), when)).toThrow(RangeError);
	}
});

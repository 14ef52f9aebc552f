import { expect, test } from "vitest";
import { distance, sum } from "./byte-count.ts";

test("a count goes on from 0 after 2³² bytes, and distances are right across that", () => {
	const late = 2 ** 32 - 10;
	const later = sum(late, 64);
	expect(later).toBe(54);
	expect(distance(late, later)).toBe(64);
	expect(distance(later, later)).toBe(0);
	expect(distance(later, late)).toBe(2 ** 32 - 64);
});

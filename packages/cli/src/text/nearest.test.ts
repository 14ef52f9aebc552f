import { describe, expect, test } from "vitest";
import { editDistance, nearest } from "./nearest.ts";

describe("the edit distance", () => {
	test.each([
		["sum", "sum", 0],
		["sum", "sums", 1],
		["smu", "sum", 1],
		["sun", "sum", 1],
		["", "abc", 3],
		["kitten", "sitting", 3],
	])("from %j to %j is %i", (one, other, distance) => {
		expect(editDistance(one, other)).toBe(distance);
		expect(editDistance(other, one)).toBe(distance);
	});
});

describe("the nearest", () => {
	test("is the candidate with the fewest typing errors", () => {
		expect(nearest("sevices", ["services", "describe", "dev"])).toBe("services");
		expect(nearest("hepl", ["help", "heap"])).toBe("help");
	});

	test("is found in another case, and by its beginning", () => {
		expect(nearest("SUM", ["sum", "primes"])).toBe("sum");
		expect(nearest("desc", ["services", "describe"])).toBe("describe");
	});

	test("is nothing when no candidate is close", () => {
		expect(nearest("frobnicate", ["sum", "primes"])).toBeUndefined();
		expect(nearest("sum", [])).toBeUndefined();
	});
});

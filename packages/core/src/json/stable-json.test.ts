import { describe, expect, test } from "vitest";
import { stableJson } from "./stable-json.ts";

test("is the same for equal values, whatever the order of their members", () => {
	const one = { b: [1, "two", { d: null, c: true }], a: -0.5 };
	const other = { a: -0.5, b: [1, "two", { c: true, d: null }] };
	expect(stableJson(one)).toBe(stableJson(other));
	expect(JSON.parse(stableJson(one) ?? "")).toEqual(one);
});

test("leaves out members that are undefined", () => {
	expect(stableJson({ a: undefined, b: 1 })).toBe('{"b":1}');
});

test("keeps a member of any name", () => {
	expect(stableJson(JSON.parse('{"__proto__":{"a":1}}'))).toBe('{"__proto__":{"a":1}}');
});

describe("there is none where JSON would lose something", () => {
	const cycle: unknown[] = [];
	cycle.push(cycle);
	test.each([
		["a date", { at: new Date(0) }],
		["a map", new Map([[1, 2]])],
		["a bigint", [1n]],
		["not a number", { n: Number.NaN }],
		["nothing", undefined],
		["nothing in a list", [undefined]],
		["a cycle", cycle],
	])("%s", (_, value) => {
		expect(stableJson(value)).toBeUndefined();
	});
});

import { expect, describe as group, test } from "vitest";
import * as z from "zod";
import { contract } from "../contract/contract.ts";
import { describe } from "../contract/describe.ts";
import { type EventSpec, event } from "../contract/event.ts";
import { method } from "../contract/method.ts";
import { breakingDifferences, sideBySide } from "./differences.ts";

const described = (events: Record<string, EventSpec>) =>
	describe(contract("matches", { create: method({}), ...events }));

/** The differences that break subscribers when the only event of a contract changes from `before` to `after`. */
const between = (before: EventSpec, after: EventSpec): string[] =>
	breakingDifferences(described({ ended: before }), described({ ended: after }));

const data = z.object({ id: z.string(), winner: z.string() });
const ended = event({ key: "id", data });
const old = (): { id: string; winner: string } => ({ id: "a", winner: "b" });

group("subscribers break", () => {
	test("at an event that is missing, or has become private", () => {
		const missing = ["ended is missing"];
		expect(breakingDifferences(described({ ended }), described({}))).toEqual(missing);
		expect(between(ended, event({ key: "id", data, private: true }))).toEqual(missing);
	});

	test("at another key", () => {
		expect(between(ended, event({ key: "winner", data }))).toEqual([
			"the key of ended is winner instead of id",
		]);
		expect(between(ended, event({ data }))).toEqual(["the key of ended is missing instead of id"]);
	});

	test("at a lower version", () => {
		expect(between(event({ data, version: 3 }), event({ data, version: 2 }))).toEqual([
			"ended has the version 2 instead of 3",
		]);
	});

	test("at a higher version without the upcasts to it", () => {
		const unread = "ended of the versions before 2 cannot be read any more: upcasts from them are missing";
		expect(between(event({ data }), event({ data, version: 2 }))).toEqual([unread]);
	});

	test("at an upcast that is taken away", () => {
		const reads = event({ data, version: 3, upcast: { 1: old, 2: old } });
		expect(between(reads, event({ data, version: 3, upcast: { 2: old } }))).toEqual([
			expect.stringContaining("ended of the versions before 2 cannot be read"),
		]);
	});

	const sized = data.extend({ size: z.int() });
	test.each([
		["a property more that is always there", data, sized, "size is required on one side only"],
		["a property less", sized, data, "size is required on one side only"],
		["a property with a default more", data, data.extend({ size: z.int().default(19) }), "size is required"],
		["a property that may be missing now", data, data.partial({ winner: true }), "winner may be left out"],
		["another type", data, data.extend({ winner: z.int() }), "winner is string where integer is known"],
		["more values", z.object({ c: z.enum(["a"]) }), z.object({ c: z.enum(["a", "b"]) }), 'c may be "b"'],
		["a tighter bound", z.object({ n: z.int() }), z.object({ n: z.int().min(1) }), "n has the minimum"],
	] as const)("at the same version with %s", (_, before, after, why) => {
		expect(between(event({ data: before }), event({ data: after }))).toContainEqual(
			expect.stringContaining(`ended has other data under the same version: ${why}`),
		);
	});
});

group("subscribers do not break", () => {
	test.each([
		["at the same event", ended, ended],
		[
			"at an optional property more",
			ended,
			event({ key: "id", data: data.extend({ a: z.int().optional() }) }),
		],
		["at a key where there was none", event({ data }), ended],
		["at other words", ended, event({ key: "id", data, summary: "It is over.", meta: { ui: 1 } })],
		[
			"at a higher version with upcasts, whatever its data",
			ended,
			event({ key: "id", version: 2, data: z.object({ id: z.string() }), upcast: { 1: old } }),
		],
		[
			"at upcasts from versions that could not be read before",
			event({ data, version: 3 }),
			event({ data, version: 3, upcast: { 1: old, 2: old } }),
		],
	])("%s", (_, before, after) => {
		expect(between(before, after)).toEqual([]);
	});
});

test("an event that only the newer contract has is told beside its methods", () => {
	const { older, added, breaking } = sideBySide(described({ ended, started: ended }), described({ ended }));
	expect(older.events).not.toHaveProperty("started");
	expect({ added, breaking }).toEqual({ added: ["started"], breaking: [] });
});

test("the contract that knows the higher version of an event is the newer", () => {
	const next = event({ key: "id", data, version: 2, upcast: { 1: old } });
	const { newer, breaking } = sideBySide(described({ ended: next }), described({ ended }));
	expect(newer.events?.ended?.version).toBe(2);
	expect(breaking).toEqual([]);
});

test("what breaks handlers alone is said to break subscribers, and no callers", () => {
	const otherKey = event({ key: "winner", data });
	expect(sideBySide(described({ ended }), described({ ended: otherKey })).breaks).toBe("subscribers");
	expect(sideBySide(described({ ended }), described({ ended })).breaks).toBe("");
});

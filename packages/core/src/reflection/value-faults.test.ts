import { describe, expect, test } from "vitest";
import * as z from "zod";
import { jsonSchema } from "../contract/schema.ts";
import { valueFaults } from "./value-faults.ts";

const Match = z.object({
	id: z.string().min(1),
	size: z.int().min(5).max(25),
	mode: z.enum(["blitz", "long"]).default("long"),
	players: z
		.array(z.object({ name: z.string() }))
		.max(2)
		.optional(),
	score: z.union([z.null(), z.object({ points: z.number().positive() })]).optional(),
});

function faults(value: unknown, schema: z.ZodType = Match): string[] {
	return valueFaults(value, jsonSchema(schema, "output") ?? {}).map(
		({ path, message }) => `${path.join(".")} ${message}`,
	);
}

describe("a value", () => {
	test("that is what the schema describes has no faults, with or without what has a default", () => {
		expect(faults({ id: "m1", size: 19 })).toEqual([]);
		const whole = { id: "m1", size: 19, mode: "blitz", players: [{ name: "a" }], score: { points: 0.5 } };
		expect(faults(whole)).toEqual([]);
		expect(faults({ id: "m1", size: 5, score: null })).toEqual([]);
	});

	test.each([
		["of another type", { id: 1, size: 19 }, ["id expected string"]],
		["that lacks something", { id: "m1" }, ["size is missing"]],
		["with a mistyped name", { id: "m1", size: 19, mde: "long" }, ["mde is not known"]],
		["out of bounds", { id: "", size: 26 }, ["id is below the minLength 1", "size is above the maximum 25"]],
		[
			"on a bound that is excluded",
			{ id: "m1", size: 19, score: { points: 0 } },
			["score.points is not above 0"],
		],
		["that is none of several", { id: "m1", size: 19, mode: "slow" }, ['mode expected "blitz" or "long"']],
		[
			"with a fault deep inside",
			{ id: "m1", size: 9, players: [{ name: 1 }] },
			["players.0.name expected string"],
		],
		["that is no object", 7, [" expected object"]],
	])("%s is told so", (_, value, expected) => {
		expect(faults(value)).toEqual(expected);
	});

	test("has no faults where nothing is described", () => {
		expect(valueFaults({ anything: 1 }, {})).toEqual([]);
		expect(faults({ a: 1 }, z.record(z.string(), z.number()))).toEqual([]);
		expect(faults({ a: "x" }, z.record(z.string(), z.number()))).toEqual(["a expected number"]);
	});

	test("is compared with a schema that contains itself, and with one that is only a loop", () => {
		const Tree = z.object({
			name: z.string(),
			get children() {
				return z.array(Tree);
			},
		});
		expect(
			faults({ name: "a", children: [{ name: "b", children: [{ name: 1, children: [] }] }] }, Tree),
		).toEqual(["children.0.children.0.name expected string"]);
		expect(valueFaults(1, { $ref: "#/$defs/a", $defs: { a: { $ref: "#/$defs/a" } } })).toEqual([]);
	});
});

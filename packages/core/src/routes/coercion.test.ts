import { describe, expect, test } from "vitest";
import * as z from "zod";
import { type JsonSchema, jsonSchema } from "../contract/schema.ts";
import { Coercion } from "./coercion.ts";
import { routeInput } from "./route-input.ts";

type Tree = { v: number; kids: Tree[] };
const Tree: z.ZodType<Tree> = z.object({ v: z.int(), kids: z.array(z.lazy(() => Tree)) });

const shape = z.object({
	int: z.int(),
	number: z.number(),
	flag: z.boolean(),
	text: z.string(),
	nothing: z.null(),
	maybe: z.int().nullable(),
	textOrNull: z.string().nullable(),
	size: z.literal([9, 13, 19]),
	yes: z.literal(true),
	color: z.enum(["white", "7"]),
	allOrCount: z.union([z.literal("all"), z.int()]),
	ints: z.array(z.int()),
	texts: z.array(z.string()),
	oneOrMany: z.union([z.int(), z.array(z.int())]),
	pair: z.tuple([z.int(), z.string()]),
	maybeInts: z.array(z.int()).nullable(),
	page: z.int().default(1),
	anything: z.unknown(),
	object: z.object({ a: z.int() }),
});
const schema = jsonSchema(shape, "input") as JsonSchema;
const coercion = new Coercion(schema);

function coerce(described: JsonSchema, name: string, texts: string[]): unknown {
	return new Coercion(described).coerce(name, texts);
}

test.each<[string, string[], unknown]>([
	["int", ["7"], 7],
	["int", ["-7"], -7],
	["int", ["1e3"], 1000],
	["int", ["7.5"], "7.5"],
	["int", ["07"], "07"],
	["int", ["0x7"], "0x7"],
	["int", [" 7"], " 7"],
	["int", [""], ""],
	["int", ["9007199254740993"], "9007199254740993"],
	["int", ["Infinity"], "Infinity"],
	["int", ["true"], "true"],
	["int", ["1", "2"], ["1", "2"]],
	["number", ["7.5"], 7.5],
	["number", ["1e999"], "1e999"],
	["number", ["NaN"], "NaN"],
	["flag", ["true"], true],
	["flag", ["false"], false],
	["flag", ["1"], "1"],
	["flag", ["TRUE"], "TRUE"],
	["text", ["7"], "7"],
	["text", ["true"], "true"],
	["text", ["null"], "null"],
	["nothing", ["null"], null],
	["maybe", ["null"], null],
	["maybe", ["7"], 7],
	["textOrNull", ["null"], "null"],
	["size", ["13"], 13],
	["size", ["12"], "12"],
	["yes", ["true"], true],
	["color", ["white"], "white"],
	["color", ["7"], "7"],
	["allOrCount", ["all"], "all"],
	["allOrCount", ["7"], 7],
	["allOrCount", ["some"], "some"],
	["ints", ["1", "2"], [1, 2]],
	["ints", ["1"], [1]],
	["ints", ["1", "x"], [1, "x"]],
	["texts", ["1"], ["1"]],
	["oneOrMany", ["1"], 1],
	["oneOrMany", ["1", "2"], [1, 2]],
	["pair", ["1", "2"], [1, "2"]],
	["maybeInts", ["1"], [1]],
	["maybeInts", ["null"], null],
	["page", ["2"], 2],
	["anything", ["7"], "7"],
	["anything", ["7", "8"], ["7", "8"]],
	["object", ["{}"], "{}"],
	["unknown", ["7"], "7"],
	["__proto__", ["7"], "7"],
	["constructor", ["7"], "7"],
	["toString", ["7", "8"], ["7", "8"]],
])("%s of %j is %j", (name, texts, value) => {
	expect(coerce(schema, name, texts)).toEqual(value);
});

describe("schemas that refer and combine", () => {
	test("alternatives", () => {
		const either = z.discriminatedUnion("kind", [
			z.object({ kind: z.literal("a"), n: z.int() }),
			z.object({ kind: z.literal("b"), n: z.boolean() }),
		]);
		const described = jsonSchema(either, "input") as JsonSchema;
		expect(coerce(described, "n", ["1"])).toBe(1);
		expect(coerce(described, "n", ["true"])).toBe(true);
	});

	test("intersections", () => {
		const both = {
			allOf: [{ properties: { a: { type: "integer" } } }, { properties: { b: { type: "null" } } }],
		};
		expect([coerce(both, "a", ["1"]), coerce(both, "b", ["null"])]).toEqual([1, null]);
	});

	test("references, also to themselves", () => {
		expect(coerce(jsonSchema(Tree, "input") as JsonSchema, "v", ["1"])).toBe(1);
		const named = z.object({ at: z.int().meta({ id: "At" }) });
		expect(coerce(jsonSchema(named, "input") as JsonSchema, "at", ["1"])).toBe(1);
		const circular = {
			$ref: "#/$defs/A",
			$defs: { A: { anyOf: [{ $ref: "#/$defs/A" }, { $ref: "#/$defs/A" }] } },
		};
		expect(coerce(circular, "v", ["1"])).toBe("1");
		for (const $ref of ["#/nowhere", "#/constructor", "https://example.org/schema", "#/$defs/~0~1"])
			expect(coerce({ $ref }, "v", ["1"])).toBe("1");
	});

	test("a schema that tells nothing leaves texts", () => {
		expect(coerce({}, "v", ["1"])).toBe("1");
	});
});

test("a long query against a large schema is quick", () => {
	const colors = z.array(z.enum(Array.from({ length: 200 }, (_, index) => `color ${index}`)));
	const shapes = Array.from({ length: 100 }, (_, index) => z.object({ [`p${index}`]: z.int(), colors }));
	const large = new Coercion(jsonSchema(z.union(shapes), "input") as JsonSchema);
	const query = Array.from({ length: 4_000 }, (_, index): [string, string] => [index.toString(36), "1"]);
	const repeated = Array.from({ length: 4_000 }, (): [string, string] => ["colors", "1"]);
	const before = process.threadCpuUsage();
	routeInput(large, { query: [...query, ...repeated] });
	const { user, system } = process.threadCpuUsage(before);
	expect((user + system) / 1_000).toBeLessThan(100);
});

describe("the input of a request", () => {
	const path = new Map([["int", "3"]]);

	test("is the body, over it the query, over both the path", () => {
		const body = { int: 1, text: "body", flag: true };
		const query = [
			["int", "2"],
			["flag", "false"],
			["ints", "1"],
			["ints", "2"],
		] as const;
		expect(routeInput(coercion, { body, query, path })).toEqual({
			int: 3,
			text: "body",
			flag: false,
			ints: [1, 2],
		});
	});

	test("is empty when nothing came", () => {
		expect(routeInput(coercion, {})).toEqual({});
	});

	test("is a body that is no object as it is, for validation to judge", () => {
		for (const body of [null, 7, "text", [1]]) expect(routeInput(coercion, { body, path })).toBe(body);
	});

	test("has own members only, whatever they are called", () => {
		const body: unknown = JSON.parse('{"__proto__":{"admin":true},"text":"x"}');
		const input = routeInput(coercion, {
			body,
			query: [
				["__proto__", "evil"],
				["constructor", "evil"],
			],
		}) as object;
		expect(Object.getPrototypeOf(input)).toBe(Object.prototype);
		expect(Object.keys(input)).toEqual(["__proto__", "text", "constructor"]);
		expect("admin" in input).toBe(false);
		expect({}).not.toHaveProperty("admin");
	});
});

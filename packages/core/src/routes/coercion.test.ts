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
	textOrObject: z.union([z.string(), z.object({ a: z.int() })]),
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
	["object", ["{}"], {}],
	["object", ['{"a":1}'], { a: 1 }],
	["object", ["{"], "{"],
	["object", ["[1]"], "[1]"],
	["object", ["a"], "a"],
	["ints", ["1,2,3"], [1, 2, 3]],
	["ints", ["1,x"], ["1,x"]],
	["ints", ["[1,2]"], [1, 2]],
	["texts", ["a,b"], ["a,b"]],
	["texts", ['["a","b"]'], ['["a","b"]']],
	["textOrObject", ['{"a":1}'], '{"a":1}'],
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
		const spaced = {
			$ref: "#/$defs/a%20b~1c",
			$defs: { "a b/c": { properties: { at: { type: "integer" } } } },
		};
		expect(coerce(spaced, "at", ["1"])).toBe(1);
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

describe("objects and records in a query", () => {
	const Filter = z.object({
		filter: z.object({
			below: z.int().optional(),
			open: z.boolean().optional(),
			price: z.object({ from: z.number(), to: z.number() }).partial().optional(),
			tags: z.array(z.string()).optional(),
			sizes: z.array(z.int()).optional(),
		}),
		labels: z.record(z.string(), z.int()),
		points: z.array(z.object({ x: z.int(), y: z.int() })),
		ints: z.array(z.int()),
		name: z.string(),
		"odd[name]": z.int(),
		tree: Tree,
	});
	const filters = new Coercion(jsonSchema(Filter.partial(), "input") as JsonSchema);

	function read(query: string, by = filters): unknown {
		return routeInput(by, { query: new URLSearchParams(query) });
	}

	test.each<[string, unknown]>([
		["filter[below]=5&filter[open]=true", { filter: { below: 5, open: true } }],
		["filter[price][from]=1.5&filter[price][to]=2", { filter: { price: { from: 1.5, to: 2 } } }],
		["filter[below]=x", { filter: { below: "x" } }],
		["filter[tags]=1", { filter: { tags: ["1"] } }],
		["filter[tags]=a&filter[tags]=b", { filter: { tags: ["a", "b"] } }],
		["filter[sizes][]=1&filter[sizes][]=2", { filter: { sizes: [1, 2] } }],
		["filter[unknown]=1", { filter: { unknown: "1" } }],
		["filter[]=1", { filter: { "": "1" } }],
		['filter={"below":5}', { filter: { below: 5 } }],
		["labels[a]=1&labels[b]=2&labels[c]=x", { labels: { a: 1, b: 2, c: "x" } }],
		["ints[]=1&ints[]=2", { ints: [1, 2] }],
		["ints[1]=2&ints[0]=1&ints[999999999]=3", { ints: [1, 2, 3] }],
		["ints[a]=1", { ints: { a: "1" } }],
		["points[0][x]=1&points[0][y]=2&points[1][x]=3", { points: [{ x: 1, y: 2 }, { x: 3 }] }],
		["tree[kids][0][kids][0][v]=7", { tree: { kids: [{ kids: [{ v: 7 }] }] } }],
		["filter=a&filter[below]=1", { filter: ["a", { below: 1 }] }],
		["odd[name]=1", { "odd[name]": 1 }],
		["name[a]=1", { "name[a]": "1" }],
		["unknown[a]=1", { "unknown[a]": "1" }],
		["filter[below=1", { "filter[below": "1" }],
		["filter]below[=1", { "filter]below[": "1" }],
		["filter[below]x=1", { "filter[below]x": "1" }],
		["[below]=1", { "[below]": "1" }],
		[`tree${"[kids]".repeat(9)}=1`, { [`tree${"[kids]".repeat(9)}`]: "1" }],
	])("%s", (query, input) => {
		expect(read(query)).toEqual(input);
	});

	test("members beyond those that are named have the type of all others", () => {
		const open = z.object({ a: z.string() }).catchall(z.int());
		expect(read("a=1&b=2", new Coercion(jsonSchema(open, "input") as JsonSchema))).toEqual({ a: "1", b: 2 });
		const record = z.record(z.string(), z.object({ n: z.int() }));
		const records = new Coercion(jsonSchema(record, "input") as JsonSchema);
		expect(read("a[n]=1", records)).toEqual({ a: { n: 1 } });
		const patterns = { type: "object", patternProperties: { "^x": { type: "integer" } } };
		expect(read("x1=1", new Coercion(patterns))).toEqual({ x1: 1 });
	});

	test("reach no prototype, whatever their keys are", () => {
		const query = "labels[__proto__]=1&labels[constructor]=2&filter[__proto__][admin]=1&__proto__[admin]=1";
		const { labels, filter } = read(query) as { labels: object; filter: object };
		expect(Object.getPrototypeOf(labels)).toBe(Object.prototype);
		expect(Object.entries(labels)).toEqual([
			["__proto__", 1],
			["constructor", 2],
		]);
		expect(Object.keys(filter)).toEqual(["__proto__"]);
		expect({}).not.toHaveProperty("admin");
	});

	test("a list of a path has commas", () => {
		const path = new Map([["ints", "1,2"]]);
		expect(routeInput(filters, { path })).toEqual({ ints: [1, 2] });
		const texts = new Coercion(jsonSchema(z.object({ ids: z.array(z.string()) }), "input") as JsonSchema);
		expect(routeInput(texts, { path: new Map([["ids", "a,b"]]) })).toEqual({ ids: ["a", "b"] });
	});

	test("as many as a head can hold are read quickly, however deep the schema goes", () => {
		const query = Array.from({ length: 4_000 }, (_, index): [string, string] => [
			`tree${"[kids][0]".repeat(index % 4)}[k${index}]`,
			"1",
		]);
		const before = process.threadCpuUsage();
		const input = routeInput(filters, { query }) as { tree: object };
		expect(Object.keys(input.tree)).toHaveLength(1_001);
		const { user, system } = process.threadCpuUsage(before);
		expect((user + system) / 1_000).toBeLessThan(200);
	});
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

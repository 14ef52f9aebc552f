import { expect, test } from "vitest";
import * as z from "zod";
import { jsonSchema } from "../contract/schema.ts";
import { exampleValue } from "./example-value.ts";

const tree = z.object({
	name: z.string(),
	get children() {
		return z.array(tree);
	},
});

const schemas: Readonly<Record<string, z.ZodType>> = {
	"plain values": z.object({ a: z.int(), b: z.number(), c: z.boolean(), d: z.string(), e: z.null() }),
	"bounded numbers": z.object({
		a: z.int().min(50),
		b: z.int().max(3),
		c: z.int().gt(20),
		d: z.int().multipleOf(7),
	}),
	"bounded strings": z.object({ a: z.string().min(12), b: z.string().max(2) }),
	formats: z.object({ a: z.iso.datetime(), b: z.email(), c: z.uuid(), d: z.url(), e: z.iso.date() }),
	"unions and literals": z.object({
		a: z.union([z.null(), z.int()]),
		b: z.enum(["x", "y"]),
		c: z.literal(5),
	}),
	arrays: z.object({ a: z.array(z.int()).min(2), b: z.tuple([z.string(), z.int()]) }),
	records: z.object({ a: z.record(z.string(), z.int()) }),
	"optional members only": z.object({ a: z.int().optional(), b: z.string().optional() }),
	"an intersection": z.intersection(z.object({ a: z.int() }), z.object({ b: z.int() })),
	"a type that holds itself": tree,
};

test.each(Object.entries(schemas))("an example of %s fits its schema", (_, schema) => {
	const example = exampleValue(jsonSchema(schema, "input") ?? {});
	expect(schema.safeParse(example).error).toBeUndefined();
});

test("an example shows the required fields, or all fields", () => {
	expect(
		exampleValue(jsonSchema(z.object({ name: z.string(), n: z.int().optional() }), "input") ?? {}),
	).toEqual({
		name: "John",
	});
	expect(exampleValue(jsonSchema(z.object({ n: z.int().optional() }), "input") ?? {})).toEqual({ n: 10 });
});

test("an example that the schema gives is preferred, and then its default", () => {
	expect(exampleValue({ type: "string", examples: ["given"], default: "other" })).toBe("given");
	expect(exampleValue({ type: "string", default: "other" })).toBe("other");
});

import { jsonSchema } from "@allium/core";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { typeText } from "./type-text.ts";

function typeOf(schema: z.ZodType, width?: number): string {
	return typeText(jsonSchema(schema, "input") ?? {}, width);
}

describe("a type is written as in TypeScript", () => {
	test.each([
		[z.string(), "string"],
		[z.iso.datetime(), "string<date-time>"],
		[z.int(), "integer"],
		[z.number(), "number"],
		[z.boolean(), "boolean"],
		[z.null(), "null"],
		[z.unknown(), "unknown"],
		[z.never(), "never"],
		[z.literal("a"), '"a"'],
		[z.enum(["a", "b"]), '"a" | "b"'],
		[z.string().nullable(), "string | null"],
		[z.array(z.string()), "string[]"],
		[z.array(z.string().nullable()), "(string | null)[]"],
		[z.tuple([z.string(), z.int()]), "[string, integer]"],
		[z.tuple([z.string()]).rest(z.int()), "[string, ...integer[]]"],
		[z.record(z.string(), z.int()), "{ [key: string]: integer }"],
		[z.object({}), "{}"],
		[z.object({ a: z.int(), b: z.string().optional() }), "{ a: integer, b?: string }"],
		[z.object({ "a-b": z.object({ c: z.int() }) }), '{ "a-b": { c: integer } }'],
		[z.looseObject({ a: z.int() }), "{ a: integer, [key: string]: unknown }"],
		[z.union([z.object({ a: z.int() }), z.string()]), "{ a: integer } | string"],
	])("%#: %s", (schema, text) => {
		expect(typeOf(schema)).toBe(text);
	});

	test("a type that holds itself is named where it comes back", () => {
		const tree = z.object({
			name: z.string(),
			get children() {
				return z.array(tree);
			},
		});
		expect(typeOf(tree)).toBe("{ name: string, children: { name: string, children: this[] }[] }");
	});

	test("all of several are joined with what stands beside them", () => {
		const a = { type: "object", properties: { a: { type: "integer" } } };
		const b = { properties: { b: true } };
		expect(typeText({ ...b, allOf: [a] })).toBe("{ b?: unknown } & { a?: integer }");
	});

	test("several types of one name are a union", () => {
		expect(typeText({ type: ["string", "null"] })).toBe("string | null");
	});

	test("a value that is not a schema is unknown", () => {
		expect(typeText({ $ref: "https://example.com/" })).toBe("unknown");
		expect(typeText({ type: "object", properties: { a: true, b: 1 } })).toBe("{ a?: unknown, b?: unknown }");
	});
});

describe("a type takes a line for each property", () => {
	test("where one line is too short", () => {
		const schema = z.object({
			name: z.string(),
			address: z.object({ street: z.string(), city: z.string() }),
		});
		expect(typeOf(schema, 50)).toBe("{\n  name: string\n  address: { street: string, city: string }\n}");
		expect(typeOf(schema, 40)).toBe(
			"{\n  name: string\n  address: {\n    street: string\n    city: string\n  }\n}",
		);
	});

	test("where a property is described", () => {
		const schema = z.object({ a: z.int().describe("Not\ntoo small."), b: z.int() });
		expect(typeOf(schema)).toBe("{\n  a: integer  // Not too small.\n  b: integer\n}");
	});
});

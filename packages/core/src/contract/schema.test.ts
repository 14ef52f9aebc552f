import type { StandardSchemaV1 } from "@standard-schema/spec";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { jsonSchema, parse, type Schema } from "./schema.ts";

/** A schema by hand, as any library could bring it. */
function schema(validate: (value: unknown) => StandardSchemaV1.Result<unknown> | Promise<never>): Schema {
	return { "~standard": { version: 1, vendor: "test", validate } };
}

describe("parse", () => {
	test("answers at once where the schema does", () => {
		expect(parse(z.object({ n: z.int() }), { n: 1, extra: true })).toEqual({ value: { n: 1 } });
	});

	test("waits for a schema that is asynchronous", async () => {
		const even = z.int().refine(async (n) => n % 2 === 0, "odd");
		expect(await parse(even, 2)).toEqual({ value: 2 });
		expect(await parse(even, 3)).toEqual({ issues: [{ path: [], message: "odd" }] });
	});

	test("tells where each issue is, in strings and numbers", () => {
		const path = ["list", 0, { key: "name" }, { key: Symbol("s") }];
		const parsed = parse(
			schema(() => ({ issues: [{ message: "no", path }, { message: "nowhere" }] })),
			{},
		);
		expect(parsed).toEqual({
			issues: [
				{ message: "no", path: ["list", 0, "name", "Symbol(s)"] },
				{ message: "nowhere", path: [] },
			],
		});
	});
});

describe("jsonSchema", () => {
	test("tells the two sides of a schema apart", () => {
		const trimmed = z.object({ n: z.int().default(1) });
		expect(jsonSchema(trimmed, "input")).not.toHaveProperty("required");
		expect(jsonSchema(trimmed, "output")).toHaveProperty("required", ["n"]);
	});

	test("leaves out which dialect it is", () => {
		expect(jsonSchema(z.string(), "input")).toEqual({ type: "string" });
	});

	test("is undefined for a schema that does not describe itself", () => {
		expect(
			jsonSchema(
				schema((value) => ({ value })),
				"input",
			),
		).toBeUndefined();
	});

	test("tells nothing of a part that a function makes, and all of the rest", () => {
		const made = z.object({ n: z.int(), text: z.string().transform(Number) });
		expect(jsonSchema(made, "output")).toMatchObject({ properties: { n: { type: "integer" }, text: {} } });
		expect(jsonSchema(z.string().transform(Number), "output")).toEqual({});
	});

	test("throws what the schema says of a type that JSON cannot carry", () => {
		expect(() => jsonSchema(z.date(), "input")).toThrow(/Date cannot be represented/);
	});
});

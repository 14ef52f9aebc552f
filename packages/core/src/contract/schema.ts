import type { StandardJSONSchemaV1, StandardSchemaV1 } from "@standard-schema/spec";

/** Any Standard Schema: zod, valibot, arktype and others. */
export type Schema = StandardSchemaV1;

/** What a schema accepts. */
export type SchemaInput<S extends Schema> = StandardSchemaV1.InferInput<S>;

/** What a schema yields. */
export type SchemaOutput<S extends Schema> = StandardSchemaV1.InferOutput<S>;

/** A JSON Schema (draft 2020-12), as plain data. */
export type JsonSchema = Record<string, unknown>;

/** One thing that is wrong with a value: where, and what. */
export interface Issue {
	readonly path: readonly (string | number)[];
	readonly message: string;
}

/** A value that a schema accepted, or what is wrong with it. */
export type Parsed =
	| { readonly value: unknown; readonly issues?: undefined }
	| { readonly issues: readonly Issue[] };

/** Validates a value. Schemas that answer at once are not awaited. */
export function parse(schema: Schema, value: unknown): Parsed | Promise<Parsed> {
	const result = schema["~standard"].validate(value);
	return isPromise(result) ? Promise.resolve(result).then(toParsed) : toParsed(result);
}

/** The types that JSON cannot carry, as zod and valibot name them when they fail to describe one. */
const notJson = /\b(date|bigint|map|set|symbols?|function|promise|void|nan|blob)\b/i;

/**
 * What a schema accepts (`input`) or yields (`output`) as JSON Schema; undefined when it cannot tell: it does
 * not describe itself, or has a part that nobody can see into (a transform, a custom check, a brand).
 *
 * @throws what the schema throws for a type that JSON cannot carry, such as a date or a bigint.
 */
export function jsonSchema(schema: Schema, side: "input" | "output"): JsonSchema | undefined {
	const { jsonSchema: converter } = schema["~standard"] as Partial<StandardJSONSchemaV1.Props>;
	if (converter === undefined) return undefined;
	let described: JsonSchema;
	try {
		described = converter[side]({ target: "draft-2020-12" });
	} catch (error) {
		if (notJson.test((error as Error).message)) throw error;
		return undefined;
	}
	const { $schema: _, ...rest } = described;
	return rest;
}

function toParsed(result: StandardSchemaV1.Result<unknown>): Parsed {
	if (result.issues === undefined) return result;
	return { issues: result.issues.map(({ path, message }) => ({ path: (path ?? []).map(toKey), message })) };
}

function toKey(segment: PropertyKey | StandardSchemaV1.PathSegment): string | number {
	const key = typeof segment === "object" ? segment.key : segment;
	return typeof key === "number" ? key : String(key);
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
	return typeof (value as { then?: unknown }).then === "function";
}

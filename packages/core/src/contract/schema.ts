import type { StandardJSONSchemaV1, StandardSchemaV1 } from "@standard-schema/spec";
import { lenient } from "./lenient.ts";

/** Any Standard Schema: zod, valibot, arktype and others. */
export type Schema = StandardSchemaV1;

/** A schema that accepts and yields these types. */
export type SchemaOf<Input, Output> = StandardSchemaV1<Input, Output>;

/** The type that a schema accepts. */
export type SchemaInput<S extends Schema> = StandardSchemaV1.InferInput<S>;

/** The type that a schema yields. */
export type SchemaOutput<S extends Schema> = StandardSchemaV1.InferOutput<S>;

/** A JSON Schema (draft 2020-12), as plain data. */
export type JsonSchema = Record<string, unknown>;

/** One fault of a value: its place, and what is wrong there. */
export interface Issue {
	readonly path: readonly (string | number)[];
	readonly message: string;
}

/** A value that a schema accepted, or the faults of the value. */
export type Parsed =
	| { readonly value: unknown; readonly issues?: undefined }
	| { readonly issues: readonly Issue[] };

/** Validates a value. The result of a synchronous schema is not a promise. */
export function parse(schema: Schema, value: unknown): Parsed | Promise<Parsed> {
	const result = schema["~standard"].validate(value);
	if (isPromise(result)) return Promise.resolve(result).then(toParsed);
	return result.issues === undefined ? result : toParsed(result);
}

/** The types that JSON cannot carry, as zod and valibot name them when they fail to describe one. */
const notJson = /\b(date|bigint|map|set|symbols?|function|promise|void|nan|blob)\b/i;

/** Whether a schema implements Standard JSON Schema. */
export function describesItself(schema: Schema): boolean {
	return (schema["~standard"] as Partial<StandardJSONSchemaV1.Props>).jsonSchema !== undefined;
}

/**
 * The JSON Schema of what a schema accepts (`input`) or yields (`output`); undefined when the schema cannot describe
 * itself. A part that cannot be described (a transform, a custom check) may be anything.
 *
 * @throws the error of the schema for a type that JSON cannot carry, such as a date or a bigint.
 */
export function jsonSchema(schema: Schema, side: "input" | "output"): JsonSchema | undefined {
	const { jsonSchema: converter } = schema["~standard"] as Partial<StandardJSONSchemaV1.Props>;
	if (converter === undefined) return undefined;
	try {
		return plain(converter[side](target));
	} catch (error) {
		if (notJson.test((error as Error).message)) throw error;
	}
	try {
		return plain(converter[side]({ ...target, libraryOptions: lenient }));
	} catch {
		return undefined;
	}
}

const target = { target: "draft-2020-12" } as const;

function plain({ $schema: _, ...rest }: JsonSchema): JsonSchema {
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

import type { JsonSchema } from "./schema.ts";

/** The meaning of one level of a JSON Schema, from which types and examples are made. */
export type View =
	| { readonly kind: "unknown" | "never" | "null" | "boolean" | "number" | "integer" }
	| { readonly kind: "string"; readonly format: string | undefined }
	| { readonly kind: "literals"; readonly values: readonly unknown[] }
	| { readonly kind: "union" | "intersection"; readonly parts: readonly unknown[] }
	| { readonly kind: "array"; readonly first: readonly unknown[]; readonly rest: unknown }
	| { readonly kind: "object"; readonly properties: readonly Property[]; readonly others: unknown }
	| { readonly kind: "reference"; readonly pointer: string };

/** A property of an object. */
export interface Property {
	readonly name: string;
	readonly schema: unknown;
	readonly required: boolean;
}

/** Reads one level of a JSON Schema. Keywords that it does not know make it `unknown`. */
export function view(schema: unknown): View {
	if (schema === false) return { kind: "never" };
	if (!isSchema(schema)) return { kind: "unknown" };
	if (isSchema(schema.not) && Object.keys(schema.not).length === 0) return { kind: "never" };
	if (typeof schema.$ref === "string") return { kind: "reference", pointer: schema.$ref };
	if ("const" in schema) return { kind: "literals", values: [schema.const] };
	if (Array.isArray(schema.enum)) return { kind: "literals", values: schema.enum };
	for (const key of ["anyOf", "oneOf"]) {
		const parts = schema[key];
		if (Array.isArray(parts)) return { kind: "union", parts };
	}
	const { allOf, type } = schema;
	if (Array.isArray(allOf)) return { kind: "intersection", parts: withSiblings(schema, allOf) };
	if (Array.isArray(type)) return { kind: "union", parts: type.map((one) => ({ ...schema, type: one })) };
	return ofType(typeof type === "string" ? type : typeOf(schema), schema);
}

/** The `description` of a schema. */
export function descriptionOf(schema: unknown): string | undefined {
	const text = isSchema(schema) ? schema.description : undefined;
	return typeof text === "string" && text !== "" ? text.replaceAll(/\s+/g, " ") : undefined;
}

/** Whether a schema is an object, and not `true` or `false`. */
export function isSchema(schema: unknown): schema is JsonSchema {
	return typeof schema === "object" && schema !== null && !Array.isArray(schema);
}

function ofType(type: string | undefined, schema: JsonSchema): View {
	if (type === "null" || type === "boolean" || type === "number" || type === "integer") return { kind: type };
	if (type === "string") {
		const format = schema.format ?? schema.contentEncoding;
		return { kind: "string", format: typeof format === "string" ? format : undefined };
	}
	if (type === "array") {
		const first = schema.prefixItems;
		return {
			kind: "array",
			first: Array.isArray(first) ? first : [],
			rest: schema.items ?? first === undefined,
		};
	}
	return type === "object" ? ofObject(schema) : { kind: "unknown" };
}

function ofObject({ properties, required, additionalProperties }: JsonSchema): View {
	const names: readonly unknown[] = Array.isArray(required) ? required : [];
	return {
		kind: "object",
		properties: Object.entries(isSchema(properties) ? properties : {}).map(([name, schema]) => ({
			name,
			schema,
			required: names.includes(name),
		})),
		others: additionalProperties ?? (isSchema(properties) ? false : undefined),
	};
}

/** The type of a schema without `type`, where its keywords leave only one. */
function typeOf(schema: JsonSchema): string | undefined {
	if ("properties" in schema || "additionalProperties" in schema) return "object";
	return "items" in schema || "prefixItems" in schema ? "array" : undefined;
}

/** The keywords next to `allOf` hold as well. */
function withSiblings({ allOf: _, ...rest }: JsonSchema, parts: readonly unknown[]): readonly unknown[] {
	return typeOf(rest) === undefined ? parts : [rest, ...parts];
}

import type { JsonSchema } from "../contract/schema.ts";
import { isSchema, partsOf, propertySchemas, resolve } from "../routes/schema-parts.ts";
import { type ValueType, ValueTypes } from "../routes/value-type.ts";

/** A member of an input. */
export interface InputMember {
	readonly name: string;
	readonly schema: JsonSchema;
	/** Whether no input goes without it. */
	readonly required: boolean;
	readonly type: ValueType | undefined;
}

/** What an input may consist of, through references and alternatives. */
export class InputShape {
	readonly members: readonly InputMember[];
	/** The schema of the members that have none of their own; undefined where there may be no others. */
	readonly others: JsonSchema | undefined;
	readonly #schema: JsonSchema;

	constructor(schema: JsonSchema) {
		this.#schema = schema;
		const parts = partsOf(schema, schema);
		const type = new ValueTypes(schema).of([schema]);
		const required = requiredOf(schema, schema, new Set());
		this.members = [...propertySchemas(parts)].map(([name, schemas]) => ({
			name,
			schema: oneOf(schemas),
			required: required.has(name),
			type: type.declared(name),
		}));
		const others = parts.map(({ additionalProperties }) => additionalProperties);
		this.others = others.find(isSchema) ?? (others.includes(true) ? {} : undefined);
	}

	/** What is left of the input without some members; undefined when that is nothing. */
	without(names: readonly string[]): { readonly schema: JsonSchema; readonly required: boolean } | undefined {
		const schema = names.length === 0 ? this.#schema : omit(this.#schema, names, this.#schema, new Set());
		if (isEmpty(schema)) return undefined;
		return { schema, required: mustBe(schema, this.#schema, new Set()) };
	}
}

/** What fits one of several schemas. */
function oneOf(schemas: readonly JsonSchema[]): JsonSchema {
	const unlike = new Map(schemas.map((schema) => [JSON.stringify(schema), schema]));
	const [first = {}, ...others] = unlike.values();
	return others.length === 0 ? first : { anyOf: [first, ...others] };
}

/** The names that every value of a schema has. */
function requiredOf(
	schema: JsonSchema,
	root: JsonSchema,
	seen: ReadonlySet<JsonSchema>,
): ReadonlySet<string> {
	if (seen.has(schema)) return new Set();
	const inner = new Set([...seen, schema]);
	const names = new Set<string>(Array.isArray(schema.required) ? schema.required : []);
	const { all, alternatives } = combined(schema, root);
	for (const part of all) for (const name of requiredOf(part, root, inner)) names.add(name);
	for (const list of alternatives) {
		const [first = new Set<string>(), ...others] = list.map((part) => requiredOf(part, root, inner));
		for (const name of first) if (others.every((other) => other.has(name))) names.add(name);
	}
	return names;
}

/** The schemas that all hold beside a schema, and the lists of which one holds. */
function combined(
	schema: JsonSchema,
	root: JsonSchema,
): { readonly all: readonly JsonSchema[]; readonly alternatives: readonly (readonly JsonSchema[])[] } {
	const target = typeof schema.$ref === "string" ? resolve(root, schema.$ref) : undefined;
	return {
		all: [target, ...listOf(schema.allOf)].filter(isSchema),
		alternatives: [listOf(schema.anyOf), listOf(schema.oneOf)].filter((list) => list.length > 0),
	};
}

function listOf(value: unknown): JsonSchema[] {
	return Array.isArray(value) ? value.filter(isSchema) : [];
}

/** A schema without some members, in all of its alternatives. What it refers to is written out where it has them. */
function omit(
	schema: JsonSchema,
	names: readonly string[],
	root: JsonSchema,
	seen: ReadonlySet<JsonSchema>,
): JsonSchema {
	if (seen.has(schema)) return schema;
	const inner = new Set([...seen, schema]);
	const { $ref, $defs: _, definitions: __, ...plain } = schema;
	const target = typeof $ref === "string" ? resolve(root, $ref) : undefined;
	if (isSchema(target)) {
		const written = omit(target, names, root, inner);
		return Object.keys(plain).length === 0 ? written : { ...written, ...omit(plain, names, root, inner) };
	}
	const left: JsonSchema = $ref === undefined ? { ...plain } : { ...plain, $ref };
	for (const key of ["anyOf", "oneOf", "allOf"]) {
		const parts = plain[key];
		if (Array.isArray(parts)) {
			left[key] = parts.map((part) => (isSchema(part) ? omit(part, names, root, inner) : part));
		}
	}
	if (isSchema(plain.properties)) {
		left.properties = Object.fromEntries(
			Object.entries(plain.properties).filter(([name]) => !names.includes(name)),
		);
	}
	if (Array.isArray(plain.required)) {
		const required = plain.required.filter((name) => !names.includes(name));
		if (required.length > 0) left.required = required;
		else delete left.required;
	}
	return left;
}

/** Whether a schema allows the empty object alone. */
function isEmpty({ type, properties, additionalProperties = false, ...rest }: JsonSchema): boolean {
	const isPlain = !["anyOf", "oneOf", "allOf", "$ref", "patternProperties"].some((key) => key in rest);
	if (!isPlain || type !== "object" || additionalProperties !== false) return false;
	return isSchema(properties) && Object.keys(properties).length === 0;
}

/** Whether a body must be there, as `{}` does not fit. */
function mustBe(schema: JsonSchema, root: JsonSchema, seen: ReadonlySet<JsonSchema>): boolean {
	if (seen.has(schema)) return false;
	const inner = new Set([...seen, schema]);
	const { type = "object", required } = schema;
	if (![type].flat().includes("object")) return true;
	if (Array.isArray(required) && required.length > 0) return true;
	const { all, alternatives } = combined(schema, root);
	return (
		all.some((part) => mustBe(part, root, inner)) ||
		alternatives.some((list) => list.every((part) => mustBe(part, root, inner)))
	);
}

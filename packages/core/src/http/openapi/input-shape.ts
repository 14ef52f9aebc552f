import type { JsonSchema } from "../../contract/schema.ts";
import { isSchema } from "../../contract/schema-view.ts";
import { resolvePointer } from "../../json/json-pointer.ts";
import { partsOf, propertySchemas } from "../../routes/schema-parts.ts";
import { type ValueType, ValueTypes } from "../../routes/value-type.ts";

/** A member of an input. */
export interface InputMember {
	readonly name: string;
	readonly schema: JsonSchema;
	/** Whether every input must have the member. */
	readonly required: boolean;
	readonly type: ValueType | undefined;
}

/** The members that an input may have, through references and alternatives. */
export class InputShape {
	readonly members: readonly InputMember[];
	/** The schema of the members that have none of their own; undefined where no others are allowed. */
	readonly others: JsonSchema | undefined;
	readonly #schema: JsonSchema;

	constructor(schema: JsonSchema) {
		this.#schema = schema;
		const parts = partsOf(schema, schema);
		const type = new ValueTypes(schema).of([schema]);
		const required = requiredOf(schema, schema, new Map());
		this.members = [...propertySchemas(parts)].map(([name, schemas]) => ({
			name,
			schema: oneOf(schemas),
			required: required.has(name),
			type: type.declared(name),
		}));
		const others = parts.map(({ additionalProperties }) => additionalProperties);
		this.others = others.find(isSchema) ?? (others.includes(true) ? {} : undefined);
	}

	/** The rest of the input without some members; undefined when nothing is left. */
	without(names: readonly string[]): { readonly schema: JsonSchema; readonly required: boolean } | undefined {
		const schema = names.length === 0 ? this.#schema : new Omission(names, this.#schema).of(this.#schema);
		if (isEmpty(schema)) return undefined;
		return { schema, required: mustBe(schema, this.#schema, new Map()) };
	}
}

/** A schema that accepts what one of several schemas accepts. */
function oneOf(schemas: readonly JsonSchema[]): JsonSchema {
	const unlike = new Map(schemas.map((schema) => [JSON.stringify(schema), schema]));
	const [first = {}, ...others] = unlike.values();
	return others.length === 0 ? first : { anyOf: [first, ...others] };
}

/**
 * The names of the members that every value of a schema has.
 *
 * @param known the results for parts found so far; a part that refers to itself adds nothing.
 */
function requiredOf(
	schema: JsonSchema,
	root: JsonSchema,
	known: Map<JsonSchema, ReadonlySet<string>>,
): ReadonlySet<string> {
	const before = known.get(schema);
	if (before !== undefined) return before;
	known.set(schema, new Set());
	const names = new Set<string>(Array.isArray(schema.required) ? schema.required : []);
	const { all, alternatives } = combined(schema, root);
	for (const part of all) for (const name of requiredOf(part, root, known)) names.add(name);
	for (const list of alternatives) {
		const [first = new Set<string>(), ...others] = list.map((part) => requiredOf(part, root, known));
		for (const name of first) if (others.every((other) => other.has(name))) names.add(name);
	}
	known.set(schema, names);
	return names;
}

/** The schemas that hold in addition to a schema, and the lists of alternatives, of which one holds. */
function combined(
	schema: JsonSchema,
	root: JsonSchema,
): { readonly all: readonly JsonSchema[]; readonly alternatives: readonly (readonly JsonSchema[])[] } {
	const target = typeof schema.$ref === "string" ? resolvePointer(root, schema.$ref) : undefined;
	return {
		all: [target, ...listOf(schema.allOf)].filter(isSchema),
		alternatives: [listOf(schema.anyOf), listOf(schema.oneOf)].filter((list) => list.length > 0),
	};
}

function listOf(value: unknown): JsonSchema[] {
	return Array.isArray(value) ? value.filter(isSchema) : [];
}

/** How many parts of a schema are written out at most. Parts beyond that stay as they are. */
const maxParts = 1_000;

/** Removes members from a schema, in all of its alternatives. References are written out for that. */
class Omission {
	readonly #names: readonly string[];
	readonly #root: JsonSchema;
	readonly #within = new Set<JsonSchema>();
	#parts = 0;

	constructor(names: readonly string[], root: JsonSchema) {
		this.#names = names;
		this.#root = root;
	}

	of(schema: JsonSchema): JsonSchema {
		if (this.#within.has(schema) || ++this.#parts > maxParts) return schema;
		this.#within.add(schema);
		const left = this.#left(schema);
		this.#within.delete(schema);
		return left;
	}

	#left({ $ref, $defs: _, definitions: __, ...plain }: JsonSchema): JsonSchema {
		const target = typeof $ref === "string" ? resolvePointer(this.#root, $ref) : undefined;
		const written = isSchema(target) ? this.of(target) : $ref === undefined ? {} : { $ref };
		return { ...written, ...this.#membersLeft(plain) };
	}

	#membersLeft({ properties, required, ...others }: JsonSchema): JsonSchema {
		const left: JsonSchema = { ...others };
		for (const key of ["anyOf", "oneOf", "allOf"]) {
			const parts = others[key];
			if (Array.isArray(parts)) left[key] = parts.map((part) => (isSchema(part) ? this.of(part) : part));
		}
		const isLeft = (name: string): boolean => !this.#names.includes(name);
		if (isSchema(properties)) {
			left.properties = Object.fromEntries(Object.entries(properties).filter(([name]) => isLeft(name)));
		}
		const names = Array.isArray(required) ? required.filter(isLeft) : [];
		if (names.length > 0) left.required = names;
		return left;
	}
}

/** Whether a schema allows only the empty object. */
function isEmpty({ type, properties, additionalProperties = false, ...rest }: JsonSchema): boolean {
	const isPlain = !["anyOf", "oneOf", "allOf", "$ref", "patternProperties"].some((key) => key in rest);
	if (!isPlain || type !== "object" || additionalProperties !== false) return false;
	return isSchema(properties) && Object.keys(properties).length === 0;
}

/** Whether a body is required because `{}` does not fit. */
function mustBe(schema: JsonSchema, root: JsonSchema, known: Map<JsonSchema, boolean>): boolean {
	const before = known.get(schema);
	if (before !== undefined) return before;
	known.set(schema, false);
	const { type = "object", required } = schema;
	const { all, alternatives } = combined(schema, root);
	const must =
		![type].flat().includes("object") ||
		(Array.isArray(required) && required.length > 0) ||
		all.some((part) => mustBe(part, root, known)) ||
		alternatives.some((list) => list.every((part) => mustBe(part, root, known)));
	known.set(schema, must);
	return must;
}

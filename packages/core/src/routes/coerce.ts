import type { JsonSchema } from "../contract/schema.ts";

/** A number as JSON writes it. */
const numberPattern = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/**
 * Makes of the texts of a parameter what its JSON Schema asks for: numbers, integers, booleans, null, and arrays of
 * them where a query repeats a name. What does not fit stays text, for validation to refuse. Where text is allowed,
 * it stays text.
 *
 * @param schema the JSON Schema of the whole input.
 * @param name of the parameter, a property of the input.
 * @param texts one, or more where the query repeats the name.
 */
export function coerce(schema: JsonSchema, name: string, texts: readonly string[]): unknown {
	const shapes = propertySchemas(schema, name).flatMap((property) => leaves(property, schema));
	const arrays = shapes.filter((shape) => allows(shape, "array"));
	const [text = ""] = texts;
	if (texts.length === 1) {
		const value = scalar(text, shapes);
		if (value !== undefined) return value;
		if (arrays.length === 0) return text;
	}
	if (arrays.length === 0) return [...texts];
	return texts.map((item, index) => {
		const items = arrays.flatMap((array) => itemSchemas(array, index));
		const value = scalar(
			item,
			items.flatMap((each) => leaves(each, schema)),
		);
		return value === undefined ? item : value;
	});
}

/** What a schema says of a property: several answers where it has alternatives, none where it says nothing. */
export function propertySchemas(schema: JsonSchema, name: string): JsonSchema[] {
	return leaves(schema, schema).flatMap(({ properties }) => {
		const property = isSchema(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined;
		return isSchema(property) ? [property] : [];
	});
}

/** A schema and those that it combines, references followed. Some refer to themselves. */
function leaves(schema: JsonSchema, root: JsonSchema, seen: Set<JsonSchema> = new Set()): JsonSchema[] {
	if (seen.has(schema)) return [];
	seen.add(schema);
	const parts = ["anyOf", "oneOf", "allOf"].flatMap((key) => (Array.isArray(schema[key]) ? schema[key] : []));
	const target = typeof schema.$ref === "string" ? resolve(root, schema.$ref) : undefined;
	return [schema, ...[...parts, target].filter(isSchema).flatMap((part) => leaves(part, root, seen))];
}

/** A reference within the same schema: `#`, or `#/$defs/Name`. */
function resolve(root: JsonSchema, reference: string): unknown {
	if (!reference.startsWith("#")) return undefined;
	let place: unknown = root;
	for (const part of reference.slice(1).split("/").slice(1)) {
		const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
		place = isSchema(place) && Object.hasOwn(place, key) ? place[key] : undefined;
	}
	return place;
}

function itemSchemas({ prefixItems, items }: JsonSchema, index: number): JsonSchema[] {
	const item: unknown = Array.isArray(prefixItems) && index < prefixItems.length ? prefixItems[index] : items;
	return isSchema(item) ? [item] : [];
}

/** What one text is by the schemas that it may fit; undefined when it fits none. */
function scalar(text: string, shapes: readonly JsonSchema[]): unknown {
	const literals = shapes.flatMap(literalsOf);
	const open = shapes.filter((shape) => literalsOf(shape).length === 0);
	if (literals.includes(text) || open.some((shape) => allows(shape, "string"))) return text;
	const literal = literals.find((value) => value !== undefined && JSON.stringify(value) === text);
	if (literal !== undefined) return literal;
	if (numberPattern.test(text)) {
		const number = Number(text);
		// An integer beyond these bounds would change unnoticed.
		if (open.some((shape) => allows(shape, "integer")) && Number.isSafeInteger(number)) return number;
		if (open.some((shape) => allows(shape, "number")) && Number.isFinite(number)) return number;
	}
	if (open.some((shape) => allows(shape, "boolean")) && (text === "true" || text === "false"))
		return text === "true";
	if (open.some((shape) => allows(shape, "null")) && text === "null") return null;
	return undefined;
}

function allows({ type }: JsonSchema, name: string): boolean {
	return type === name || (Array.isArray(type) && type.includes(name));
}

/** The values that a schema lists, if it does. */
function literalsOf(schema: JsonSchema): unknown[] {
	if ("const" in schema) return [schema.const];
	return Array.isArray(schema.enum) ? schema.enum : [];
}

function isSchema(value: unknown): value is JsonSchema {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

import type { JsonSchema } from "../contract/schema.ts";

/** Keys of a JSON Schema whose values are data, not schemas. */
const dataKeys = new Set(["const", "enum", "default", "examples"]);

/** The schemas that a document has in one place, because they refer to parts of themselves. */
export class SharedSchemas {
	readonly #schemas: Record<string, JsonSchema> = {};

	/**
	 * A schema as it may stand anywhere in the document. One that refers to itself is kept under its name, so that
	 * its references lead there.
	 */
	adopt(name: string, schema: JsonSchema): JsonSchema {
		const place = `#/components/schemas/${name}`;
		const moved = moveReferences(schema, place);
		if (!moved.found) return schema;
		this.#schemas[name] = moved.value as JsonSchema;
		const { $defs, ...plain } = moved.value as JsonSchema;
		return definition($defs, plain.$ref, place) ?? plain;
	}

	all(): Readonly<Record<string, JsonSchema>> {
		return this.#schemas;
	}
}

/** What a schema is that only names one of its definitions, so that its properties can be seen. */
function definition(definitions: unknown, reference: unknown, place: string): JsonSchema | undefined {
	const prefix = `${place}/$defs/`;
	if (typeof reference !== "string" || !reference.startsWith(prefix)) return undefined;
	const name = reference.slice(prefix.length);
	if (typeof definitions !== "object" || definitions === null || !Object.hasOwn(definitions, name))
		return undefined;
	return (definitions as Record<string, JsonSchema>)[name];
}

/** Lets references within a schema lead to another place. */
function moveReferences(value: unknown, place: string): { value: unknown; found: boolean } {
	let found = false;
	const move = (part: unknown): unknown => {
		if (Array.isArray(part)) return part.map(move);
		if (typeof part !== "object" || part === null) return part;
		return Object.fromEntries(
			Object.entries(part).map(([key, inner]) => {
				if (dataKeys.has(key)) return [key, inner];
				if (key !== "$ref" || typeof inner !== "string" || !inner.startsWith("#")) return [key, move(inner)];
				found = true;
				return [key, place + inner.slice(1)];
			}),
		);
	};
	return { value: move(value), found };
}

/** The properties of an object schema, each with whether it is required. */
export function propertiesOf(schema: JsonSchema): { name: string; schema: JsonSchema; required: boolean }[] {
	const { properties, required } = schema;
	if (typeof properties !== "object" || properties === null) return [];
	const names: readonly unknown[] = Array.isArray(required) ? required : [];
	return Object.entries(properties).map(([name, property]) => ({
		name,
		schema: typeof property === "object" && property !== null ? property : {},
		required: names.includes(name),
	}));
}

/** An object schema without some of its properties; undefined when none is left. */
export function withoutProperties(schema: JsonSchema, names: readonly string[]): JsonSchema | undefined {
	const all = propertiesOf(schema);
	if (all.length === 0) return schema.type === "object" && "properties" in schema ? undefined : schema;
	const left = all.filter(({ name }) => !names.includes(name));
	if (left.length === 0) return undefined;
	if (left.length === all.length) return schema;
	const required = left.filter((property) => property.required).map(({ name }) => name);
	const { required: _, ...rest } = schema;
	return {
		...rest,
		properties: Object.fromEntries(left.map((property) => [property.name, property.schema])),
		...(required.length > 0 && { required }),
	};
}

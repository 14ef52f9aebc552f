import type { JsonSchema } from "../contract/schema.ts";
import { isSchema } from "../contract/schema-view.ts";
import { resolvePointer } from "../json/json-pointer.ts";

/** A schema and the schemas that it combines, with references resolved. Some schemas refer to themselves. */
export function partsOf(
	schema: JsonSchema,
	root: JsonSchema,
	seen: Set<JsonSchema> = new Set(),
): JsonSchema[] {
	if (seen.has(schema)) return [];
	seen.add(schema);
	const combined = ["anyOf", "oneOf", "allOf"].flatMap((key) =>
		Array.isArray(schema[key]) ? schema[key] : [],
	);
	const target = typeof schema.$ref === "string" ? resolvePointer(root, schema.$ref) : undefined;
	return [schema, ...[...combined, target].filter(isSchema).flatMap((part) => partsOf(part, root, seen))];
}

/** The schemas of each property in the parts of a schema: several where it has alternatives. */
export function propertySchemas(parts: readonly JsonSchema[]): Map<string, JsonSchema[]> {
	const found = new Map<string, JsonSchema[]>();
	for (const { properties } of parts) {
		if (!isSchema(properties)) continue;
		for (const [name, property] of Object.entries(properties)) {
			if (!isSchema(property)) continue;
			const schemas = found.get(name);
			if (schemas === undefined) found.set(name, [property]);
			else schemas.push(property);
		}
	}
	return found;
}

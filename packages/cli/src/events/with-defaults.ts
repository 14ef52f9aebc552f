import { isSchema, view } from "@allium/core/reflection";

/** A JSON value with the defaults of its schema for missing properties. */
export function withDefaults(value: unknown, schema: unknown): unknown {
	const seen = view(schema);
	if (seen.kind !== "object" || typeof value !== "object" || value === null || Array.isArray(value))
		return value;
	const properties = new Map(Object.entries(value));
	for (const { name, schema: described } of seen.properties) {
		if (properties.has(name)) properties.set(name, withDefaults(properties.get(name), described));
		else if (isSchema(described) && "default" in described) properties.set(name, described.default);
	}
	return Object.fromEntries(properties);
}

import { resolvePointer } from "../json/json-pointer.ts";
import type { JsonSchema } from "./schema.ts";
import { type View, view } from "./schema-view.ts";

/**
 * Whether every value of a JSON Schema is an object with a string of that name. A value that is not described counts as
 * one.
 */
export function hasString(schema: JsonSchema, name: string): boolean {
	return holds(schema, schema, (seen) => {
		if (seen.kind !== "object") return false;
		const property = seen.properties.find((candidate) => candidate.name === name);
		if (property !== undefined) return property.required && holds(schema, property.schema, isString);
		return seen.properties.length === 0 && seen.others === undefined;
	});
}

function isString(seen: View): boolean {
	if (seen.kind === "literals") return seen.values.every((value) => typeof value === "string");
	return seen.kind === "string";
}

/** Whether a condition holds for every value of a schema: of a union for each part, of an intersection for one. */
function holds(
	root: JsonSchema,
	schema: unknown,
	condition: (seen: View) => boolean,
	following: readonly string[] = [],
): boolean {
	const seen = view(schema);
	switch (seen.kind) {
		case "unknown":
		case "never":
			return true;
		case "union":
			return seen.parts.every((part) => holds(root, part, condition, following));
		case "intersection":
			return seen.parts.some((part) => holds(root, part, condition, following));
		case "reference": {
			const { pointer } = seen;
			// A schema that consists of itself describes nothing.
			if (following.includes(pointer)) return true;
			return holds(root, resolvePointer(root, pointer), condition, [...following, pointer]);
		}
		default:
			return condition(seen);
	}
}

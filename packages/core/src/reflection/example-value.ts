import type { JsonSchema } from "../contract/schema.ts";
import { isSchema, type View, view } from "../contract/schema-view.ts";
import { resolvePointer } from "../json/json-pointer.ts";

/** The depth at which an example stops, because schemas may refer to themselves. */
const deepest = 6;

/** Example strings by format. */
const formats: Readonly<Record<string, string>> = {
	"date-time": "2030-01-31T12:00:00Z",
	date: "2030-01-31",
	time: "12:00:00",
	duration: "PT1H",
	email: "john@example.com",
	uri: "https://example.com/",
	uuid: "123e4567-e89b-42d3-a456-426614174000",
	ipv4: "192.0.2.1",
	ipv6: "2001:db8::1",
	base64: "AAAA",
	base64url: "AAAA",
};

/** A value that most likely fits a JSON Schema: its own example or default, else one made from its required parts. */
export function exampleValue(schema: JsonSchema): unknown {
	return make(schema, schema, "", 0);
}

function make(schema: unknown, root: JsonSchema, name: string, depth: number): unknown {
	if (isSchema(schema)) {
		const [given] = Array.isArray(schema.examples) ? schema.examples : [];
		if (given !== undefined) return given;
		if ("default" in schema) return schema.default;
	}
	return fromView(view(schema), schema, root, name, depth);
}

function fromView(seen: View, schema: unknown, root: JsonSchema, name: string, depth: number): unknown {
	switch (seen.kind) {
		case "string":
			return text(seen.format, name, schema);
		case "literals":
			return seen.values[0];
		case "integer":
		case "number":
			return amount(schema);
		case "boolean":
			return true;
		case "union":
			return depth > deepest ? null : make(simplest(seen.parts), root, name, depth + 1);
		case "intersection":
			return Object.assign({}, ...seen.parts.map((part) => make(part, root, name, depth + 1)));
		case "array":
			return elements(seen.first, seen.rest, schema, root, name, depth);
		case "object": {
			const needed = seen.properties.filter(({ required }) => required);
			const shown = needed.length === 0 && depth === 0 ? seen.properties : needed;
			return Object.fromEntries(
				shown.map((property) => [property.name, make(property.schema, root, property.name, depth + 1)]),
			);
		}
		case "reference":
			return depth > deepest ? {} : make(resolvePointer(root, seen.pointer), root, name, depth + 1);
		default:
			return seen.kind === "null" ? null : {};
	}
}

function elements(
	first: readonly unknown[],
	rest: unknown,
	schema: unknown,
	root: JsonSchema,
	name: string,
	depth: number,
): unknown[] {
	if (depth > deepest) return [];
	const fixed = first.map((item) => make(item, root, name, depth + 1));
	const wanted = Math.max(number(schema, "minItems") ?? 0, fixed.length === 0 ? 1 : 0);
	const missing = rest === false ? 0 : Math.max(0, Math.min(wanted, 10) - fixed.length);
	return [...fixed, ...Array.from({ length: missing }, () => make(rest, root, name, depth + 1))];
}

/** The name of a person for a property called `name`, else a short word of the required length. */
function text(format: string | undefined, name: string, schema: unknown): string {
	const known = format === undefined ? undefined : formats[format];
	const word = known ?? (/name$/i.test(name) ? "John" : "text");
	const least = number(schema, "minLength") ?? 0;
	const most = known === undefined ? (number(schema, "maxLength") ?? word.length) : word.length;
	return word.padEnd(least, "x").slice(0, Math.max(least, most));
}

/** Ten, or the nearest number that is allowed. */
function amount(schema: unknown): number {
	const above = number(schema, "exclusiveMinimum");
	const least = number(schema, "minimum") ?? (above === undefined ? undefined : above + 1);
	const most = number(schema, "maximum");
	const step = number(schema, "multipleOf") ?? 1;
	const wanted = Math.min(Math.max(10, least ?? 10), most ?? Number.POSITIVE_INFINITY);
	return Math.ceil(wanted / step) * step;
}

function number(schema: unknown, key: string): number | undefined {
	const value = isSchema(schema) ? schema[key] : undefined;
	return typeof value === "number" ? value : undefined;
}

/** The first part that is not null. */
function simplest(parts: readonly unknown[]): unknown {
	return parts.find((part) => view(part).kind !== "null") ?? parts[0];
}

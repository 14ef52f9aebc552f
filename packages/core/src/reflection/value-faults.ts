import type { JsonSchema } from "../contract/schema.ts";
import { isSchema, type View, view } from "../contract/schema-view.ts";
import { isObject } from "../json/is-object.ts";
import { resolvePointer } from "../json/json-pointer.ts";

/** A fault of a value, and where it is. */
export interface ValueFault {
	readonly path: readonly (string | number)[];
	readonly message: string;
}

/** The number of levels of a value that are checked. Deeper ones are not. */
const deepest = 100;

/**
 * Lists the places where a JSON value does not match a schema. A value that the schema does not describe is no fault. A
 * property that the schema does not name is a fault, because it is most often a mistyped name. A required property may
 * be missing if it has a default.
 */
export function valueFaults(value: unknown, schema: JsonSchema): ValueFault[] {
	return new Check(schema).faults(value, schema, []);
}

class Check {
	readonly #root: JsonSchema;

	constructor(root: JsonSchema) {
		this.#root = root;
	}

	faults(value: unknown, schema: unknown, path: ValueFault["path"]): ValueFault[] {
		const seen = view(schema);
		if (seen.kind === "unknown" || path.length > deepest) return [];
		if (seen.kind === "reference") return this.#referenced(value, seen.pointer, path);
		if (seen.kind === "union") return this.#any(value, seen.parts, path);
		if (seen.kind === "intersection") return seen.parts.flatMap((part) => this.faults(value, part, path));
		if (!isOfKind(value, seen)) return [{ path, message: `expected ${expected(seen)}` }];
		const bounds = isSchema(schema) ? boundFaults(value, schema).map((message) => ({ path, message })) : [];
		if (seen.kind === "array" && Array.isArray(value)) {
			return [
				...bounds,
				...value.flatMap((item, index) =>
					this.faults(item, seen.first[index] ?? seen.rest, [...path, index]),
				),
			];
		}
		if (seen.kind === "object" && isObject(value)) return [...bounds, ...this.#object(value, seen, path)];
		return bounds;
	}

	/** A reference that leads nowhere, or to itself, describes nothing. */
	#referenced(value: unknown, pointer: string, path: ValueFault["path"]): ValueFault[] {
		const followed = new Set<string>();
		for (let next = pointer; ; ) {
			if (followed.has(next)) return [];
			followed.add(next);
			const schema = resolvePointer(this.#root, next);
			const seen = view(schema);
			if (seen.kind !== "reference") return this.faults(value, schema, path);
			next = seen.pointer;
		}
	}

	/** The faults at the part that the value comes closest to. */
	#any(value: unknown, parts: readonly unknown[], path: ValueFault["path"]): ValueFault[] {
		let least: ValueFault[] | undefined;
		for (const part of parts) {
			const found = this.faults(value, part, path);
			if (found.length === 0) return [];
			// Faults inside of a part tell more than that it is another one altogether.
			if (least === undefined || depth(found) > depth(least)) least = found;
		}
		return least ?? [];
	}

	#object(
		value: Record<string, unknown>,
		{ properties, others }: Extract<View, { kind: "object" }>,
		path: ValueFault["path"],
	): ValueFault[] {
		const known = new Map(properties.map((property) => [property.name, property]));
		const missing = properties
			.filter(({ name, required, schema }) => required && !Object.hasOwn(value, name) && !hasDefault(schema))
			.map(({ name }) => ({ path: [...path, name], message: "is missing" }));
		const present = Object.entries(value).flatMap(([name, item]) => {
			const property = known.get(name);
			if (property !== undefined) return this.faults(item, property.schema, [...path, name]);
			if (others === false) return [{ path: [...path, name], message: "is not known" }];
			return this.faults(item, others, [...path, name]);
		});
		return [...missing, ...present];
	}
}

function depth(faults: readonly ValueFault[]): number {
	return Math.max(...faults.map(({ path }) => path.length));
}

function hasDefault(schema: unknown): boolean {
	return isSchema(schema) && "default" in schema;
}

function isOfKind(value: unknown, seen: View): boolean {
	switch (seen.kind) {
		case "never":
			return false;
		case "null":
			return value === null;
		case "integer":
			return Number.isInteger(value);
		case "array":
			return Array.isArray(value);
		case "object":
			return isObject(value);
		case "literals":
			return seen.values.some((known) => JSON.stringify(known) === JSON.stringify(value));
		default:
			return typeof value === seen.kind;
	}
}

function expected(seen: View): string {
	if (seen.kind === "literals") return seen.values.map((value) => JSON.stringify(value)).join(" or ");
	return seen.kind === "never" ? "nothing" : seen.kind;
}

/** How large a value is, by the keyword that bounds it. */
const sizes: Readonly<Record<string, (value: unknown) => number | undefined>> = {
	imum: (value) => (typeof value === "number" ? value : undefined),
	Length: (value) => (typeof value === "string" ? [...value].length : undefined),
	Items: (value) => (Array.isArray(value) ? value.length : undefined),
};

function boundFaults(value: unknown, schema: JsonSchema): string[] {
	const found = Object.entries(sizes).flatMap(([what, sizeOf]) => {
		const size = sizeOf(value);
		if (size === undefined) return [];
		const [least, most] = [schema[`min${what}`], schema[`max${what}`]];
		return [
			...(typeof least === "number" && size < least ? [`is below the min${what} ${least}`] : []),
			...(typeof most === "number" && size > most ? [`is above the max${what} ${most}`] : []),
		];
	});
	const { exclusiveMinimum: above, exclusiveMaximum: below } = schema;
	if (typeof value === "number" && typeof above === "number" && value <= above)
		found.push(`is not above ${above}`);
	if (typeof value === "number" && typeof below === "number" && value >= below)
		found.push(`is not below ${below}`);
	return found;
}

import type { JsonSchema } from "../contract/schema.ts";
import { ScalarType } from "./scalar-type.ts";
import { isSchema, partsOf, propertySchemas } from "./schema-parts.ts";

/** What a parameter may be: a single value, and the items of an array, if it may be one. */
interface ParameterType {
	readonly single: ScalarType;
	/** The types of the first items, where each has its own. */
	readonly first: readonly ScalarType[];
	/** Undefined when it is never an array. */
	readonly items: ScalarType | undefined;
}

/**
 * Makes of the texts of a query or a path what the JSON Schema of an input asks for: numbers, integers, booleans,
 * null, and arrays of them where a query repeats a name. What does not fit stays text, for validation to refuse.
 * Where text is allowed, it stays text.
 *
 * Reads the schema once, so that a request with many parameters costs no more than they do.
 */
export class Coercion {
	readonly #types: ReadonlyMap<string, ParameterType>;

	/** @param schema the JSON Schema of the whole input. */
	constructor(schema: JsonSchema) {
		const entries = [...propertySchemas(schema)].map(([name, schemas]): [string, ParameterType] => {
			return [
				name,
				parameterType(
					schemas.flatMap((property) => partsOf(property, schema)),
					schema,
				),
			];
		});
		this.#types = new Map(entries);
	}

	/**
	 * @param name of the parameter, a property of the input.
	 * @param texts one, or more where the query repeats the name.
	 */
	coerce(name: string, texts: readonly string[]): unknown {
		const type = this.#types.get(name);
		const [text = ""] = texts;
		if (texts.length === 1) {
			const value = type?.single.read(text);
			if (value !== undefined) return value;
			if (type?.items === undefined) return text;
		}
		return texts.map((item, index) => {
			const value = (type?.first[index] ?? type?.items)?.read(item);
			return value === undefined ? item : value;
		});
	}
}

function parameterType(shapes: readonly JsonSchema[], root: JsonSchema): ParameterType {
	const arrays = shapes.filter(
		({ type }) => type === "array" || (Array.isArray(type) && type.includes("array")),
	);
	const scalarOf = (schemas: readonly unknown[]): ScalarType =>
		new ScalarType(schemas.filter(isSchema).flatMap((schema) => partsOf(schema, root)));
	const prefixes = arrays.map(({ prefixItems }) => (Array.isArray(prefixItems) ? prefixItems : []));
	const longest = Math.max(0, ...prefixes.map(({ length }) => length));
	const first = Array.from({ length: longest }, (_, index) => {
		return scalarOf(arrays.map(({ items }, which) => prefixes[which]?.[index] ?? items));
	});
	return {
		single: new ScalarType(shapes),
		first,
		items: arrays.length === 0 ? undefined : scalarOf(arrays.map(({ items }) => items)),
	};
}

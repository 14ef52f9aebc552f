import type { JsonSchema } from "../contract/schema.ts";

/** A number as JSON writes it. */
const numberPattern = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** The values that a single text may mean, by all schemas that it may fit. */
export class ScalarType {
	/** The listed values, by their text. */
	readonly #listed = new Map<string, unknown>();
	/** The types that are allowed in addition to the listed values. */
	readonly #types = new Set<unknown>();

	constructor(schemas: readonly JsonSchema[]) {
		const listed = schemas.flatMap(listedValues);
		// Texts are set last, so they win: "7" is text where both "7" and 7 are listed.
		const texts = listed.filter((value) => typeof value === "string");
		for (const value of listed) if (value !== undefined) this.#listed.set(JSON.stringify(value), value);
		for (const text of texts) this.#listed.set(text, text);
		for (const schema of schemas) {
			if (listedValues(schema).length > 0) continue;
			for (const type of [schema.type].flat()) this.#types.add(type);
		}
	}

	/** The value that a text means; undefined when it fits nothing. */
	read(text: string): unknown {
		const listed = this.#listed.get(text);
		if (typeof listed === "string" || this.#types.has("string")) return text;
		if (listed !== undefined) return listed;
		if (numberPattern.test(text)) return this.#number(Number(text));
		if (this.#types.has("boolean") && (text === "true" || text === "false")) return text === "true";
		return text === "null" && this.#types.has("null") ? null : undefined;
	}

	#number(number: number): number | undefined {
		if (this.#types.has("number") && Number.isFinite(number)) return number;
		// An integer beyond these bounds would change silently.
		return this.#types.has("integer") && Number.isSafeInteger(number) ? number : undefined;
	}
}

/** The values that a schema lists, if it lists any. */
function listedValues(schema: JsonSchema): unknown[] {
	if ("const" in schema) return [schema.const];
	return Array.isArray(schema.enum) ? schema.enum : [];
}

import type { JsonSchema } from "../../contract/schema.ts";
import { isSchema } from "../../contract/schema-view.ts";
import { pointerKeys, pointerTo } from "../../json/json-pointer.ts";

/** Keys of a JSON Schema whose values are data, not schemas. */
const dataKeys = new Set(["const", "enum", "default", "examples"]);

/** A schema in a document. Its references lead to the document's components. */
export interface AdoptedSchema {
	/** The whole schema; a reference where the schema has a name. */
	readonly whole: JsonSchema;
	/** The form in the document of a part of the schema, or of a schema made of its parts. */
	part(schema: JsonSchema): JsonSchema;
}

/** The schemas that a document keeps in one place, because they have names or refer to themselves. */
export class SharedSchemas {
	readonly #schemas = new Map<string, JsonSchema>();
	readonly #texts = new Map<string, string>();

	/** @param taken names that must not be given. */
	constructor(taken: Iterable<string>) {
		for (const name of taken) this.#texts.set(name, "");
	}

	/**
	 * Adds a schema. Definitions become components under their own names. A definition whose name another schema
	 * already has, or that has none, gets a name made from that of the whole.
	 *
	 * @param name the name of the whole if it needs one, such as `shop.find.input`.
	 */
	adopt(name: string, schema: JsonSchema): AdoptedSchema {
		const parts = definitionsOf(schema, name);
		for (;;) {
			const places = new Map(parts.map(({ pointer, names }) => [pointer, names[0] as string]));
			const part = (inner: JsonSchema): JsonSchema => moved(inner, places) as JsonSchema;
			const taken = parts.find(({ names: [name = ""], schema }, index) => {
				const isGiven = parts.slice(0, index).some((other) => other.names[0] === name);
				return isGiven || !this.#isFree(name, part(schema));
			});
			if (taken === undefined) {
				for (const { names, schema } of parts) this.#set(names[0] as string, part(schema));
				return { whole: wholeOf(schema, places, part), part };
			}
			taken.names.shift();
			if (taken.names.length === 0) taken.names.push(this.#unusedName(name, parts));
		}
	}

	all(): Readonly<Record<string, JsonSchema>> {
		return Object.fromEntries(this.#schemas);
	}

	#isFree(name: string, schema: JsonSchema): boolean {
		const text = this.#texts.get(name);
		return text === undefined || text === JSON.stringify(schema);
	}

	#set(name: string, schema: JsonSchema): void {
		this.#schemas.set(name, schema);
		this.#texts.set(name, JSON.stringify(schema));
	}

	#unusedName(name: string, parts: readonly Definition[]): string {
		for (let count = 2; ; count++) {
			const numbered = `${name}.${count}`;
			const given = parts.some(({ names }) => names.includes(numbered));
			if (!given && !this.#texts.has(numbered)) return numbered;
		}
	}
}

/** A part of a schema that others refer to, and the names that it may get, the best first. */
interface Definition {
	readonly pointer: string;
	readonly names: string[];
	readonly schema: JsonSchema;
}

function definitionsOf(schema: JsonSchema, name: string): Definition[] {
	const found: Definition[] = [];
	for (const key of ["$defs", "definitions"]) {
		const definitions = schema[key];
		if (!isSchema(definitions)) continue;
		for (const [given, definition] of Object.entries(definitions)) {
			if (!isSchema(definition)) continue;
			const plain = given.replaceAll(/[^A-Za-z0-9._-]/g, "_");
			const own = `${name}.${plain.replace(/^_+/, "")}`;
			// The schemas of input and output differ by defaults and transforms. A name such as __schema0 was not
			// chosen by people.
			const ofSide = `${plain}.${name.slice(name.lastIndexOf(".") + 1)}`;
			const names = plain.startsWith("__") || plain === "" ? [own] : [plain, ofSide, own];
			found.push({ pointer: pointerTo(key, given), names, schema: definition });
		}
	}
	if (refersToWhole(schema)) found.push({ pointer: "#", names: [name], schema: withoutDefinitions(schema) });
	return found;
}

/** Whether something within a schema refers to the whole, or to a part that is not a definition. */
function refersToWhole(value: unknown): boolean {
	if (Array.isArray(value)) return value.some(refersToWhole);
	if (!isSchema(value)) return false;
	return Object.entries(value).some(([key, inner]) => {
		if (dataKeys.has(key)) return false;
		if (key !== "$ref" || typeof inner !== "string") return refersToWhole(inner);
		return inner.startsWith("#") && !/^#\/(?:\$defs|definitions)\//.test(inner);
	});
}

function wholeOf(
	schema: JsonSchema,
	places: ReadonlyMap<string, string>,
	part: (schema: JsonSchema) => JsonSchema,
): JsonSchema {
	const name = places.get("#");
	return name === undefined ? part(withoutDefinitions(schema)) : { $ref: `#/components/schemas/${name}` };
}

function withoutDefinitions({ $defs: _, definitions: __, ...plain }: JsonSchema): JsonSchema {
	return plain;
}

/** Makes the references within a schema lead to components. */
function moved(value: unknown, places: ReadonlyMap<string, string>): unknown {
	if (Array.isArray(value)) return value.map((item) => moved(item, places));
	if (!isSchema(value)) return value;
	return Object.fromEntries(
		Object.entries(value).map(([key, inner]) => {
			if (dataKeys.has(key)) return [key, inner];
			const isReference = key === "$ref" && typeof inner === "string" && inner.startsWith("#");
			return [key, isReference ? placeOf(inner, places) : moved(inner, places)];
		}),
	);
}

function placeOf(reference: string, places: ReadonlyMap<string, string>): string {
	const [definition = "#"] = /^#\/(?:\$defs|definitions)\/[^/]+/.exec(reference) ?? [];
	const name = places.get(pointerTo(...(pointerKeys(definition) ?? [])));
	return name === undefined ? reference : `#/components/schemas/${name}${reference.slice(definition.length)}`;
}

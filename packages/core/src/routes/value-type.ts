import type { JsonSchema } from "../contract/schema.ts";
import { isSchema } from "../contract/schema-view.ts";
import { ScalarType } from "./scalar-type.ts";
import { partsOf, propertySchemas } from "./schema-parts.ts";

/**
 * The types within one JSON Schema. Each is made when it is first requested, and once, because some schemas have no
 * end.
 */
export class ValueTypes {
	readonly #root: JsonSchema;
	readonly #numbers = new Map<JsonSchema, number>();
	readonly #made = new Map<string, ValueType>();

	constructor(root: JsonSchema) {
		this.#root = root;
	}

	/** The type of values that fit some schemas, each of which lies within the root. */
	of(schemas: readonly JsonSchema[]): ValueType {
		const key = schemas.map((schema) => this.#numberOf(schema)).join();
		let type = this.#made.get(key);
		if (type === undefined) {
			const shapes = schemas.flatMap((schema) => partsOf(schema, this.#root));
			type = new ValueType(shapes, this);
			this.#made.set(key, type);
		}
		return type;
	}

	#numberOf(schema: JsonSchema): number {
		const known = this.#numbers.get(schema);
		if (known !== undefined) return known;
		this.#numbers.set(schema, this.#numbers.size);
		return this.#numbers.size - 1;
	}
}

/** The type of a part of an input, by all schemas that it may fit. */
export class ValueType {
	/** Whether it may be an object, or a list. */
	readonly isObject: boolean;
	readonly isArray: boolean;
	readonly #shapes: readonly JsonSchema[];
	readonly #types: ValueTypes;
	/** The schemas of the members that have one of their own, read when they are first needed; and their types. */
	#schemas: ReadonlyMap<string, readonly JsonSchema[]> | undefined;
	readonly #members = new Map<string, ValueType>();
	readonly #items: (ValueType | undefined)[] = [];
	/** How many leading items of a list have a type of their own. */
	readonly #first: number;
	#scalar: ScalarType | undefined;
	#others: ValueType | undefined;
	#knowsOthers = false;

	constructor(shapes: readonly JsonSchema[], types: ValueTypes) {
		this.#shapes = shapes;
		this.#types = types;
		this.isObject = shapes.some((shape) => mayBe(shape, "object", ["properties", "additionalProperties"]));
		this.isArray = shapes.some((shape) => mayBe(shape, "array", ["items", "prefixItems"]));
		this.#first = Math.max(0, ...shapes.map(({ prefixItems }) => lengthOf(prefixItems)));
	}

	/** The single values that are allowed. */
	get scalar(): ScalarType {
		this.#scalar ??= new ScalarType(this.#shapes);
		return this.#scalar;
	}

	/** The type of a member that has a schema of its own. */
	declared(name: string): ValueType | undefined {
		const known = this.#members.get(name);
		if (known !== undefined) return known;
		this.#schemas ??= propertySchemas(this.#shapes);
		const schemas = this.#schemas.get(name);
		if (schemas === undefined) return undefined;
		const type = this.#types.of(schemas);
		this.#members.set(name, type);
		return type;
	}

	/** The type of a member: its own, or else that of all others; undefined where nothing is known. */
	member(name: string): ValueType | undefined {
		return this.declared(name) ?? this.others;
	}

	/** The type of the members that have no schema of their own. */
	get others(): ValueType | undefined {
		if (!this.#knowsOthers) this.#others = this.#findOthers();
		this.#knowsOthers = true;
		return this.#others;
	}

	/** The type of an item of a list; undefined where nothing is known. */
	item(index: number): ValueType | undefined {
		const place = Math.min(index, this.#first);
		this.#items[place] ??= this.#itemAt(place);
		return this.#items[place];
	}

	#findOthers(): ValueType | undefined {
		const schemas = this.#shapes.flatMap(({ additionalProperties, patternProperties }) => {
			const patterns = isSchema(patternProperties) ? Object.values(patternProperties) : [];
			return [additionalProperties, ...patterns].filter(isSchema);
		});
		return schemas.length === 0 ? undefined : this.#types.of(schemas);
	}

	#itemAt(index: number): ValueType | undefined {
		const schemas = this.#shapes.map(({ prefixItems, items }) => {
			return index < lengthOf(prefixItems) ? (prefixItems as unknown[])[index] : items;
		});
		const known = schemas.filter(isSchema);
		return known.length === 0 ? undefined : this.#types.of(known);
	}
}

/** Whether a schema allows a type. A schema without a type does so when it has keywords that only that type has. */
function mayBe({ type, ...rest }: JsonSchema, wanted: string, signs: readonly string[]): boolean {
	if (type === undefined) return signs.some((sign) => sign in rest);
	return type === wanted || (Array.isArray(type) && type.includes(wanted));
}

function lengthOf(value: unknown): number {
	return Array.isArray(value) ? value.length : 0;
}

import type { JsonSchema } from "../contract/schema.ts";
import { bracketKeys, type QueryNode, QueryTree } from "./query-tree.ts";
import { type ValueType, ValueTypes } from "./value-type.ts";

/**
 * Converts the texts of a query or a path to what the JSON Schema of an input requires: numbers, integers, booleans,
 * null, lists and objects, at any depth. A text that does not fit stays text, and validation refuses it. Where text
 * is allowed, it stays text.
 *
 * It reads each part of the schema once, so the cost of a request grows only with its number of parameters.
 */
export class Coercion {
	readonly #input: ValueType;

	/** @param schema the JSON Schema of the whole input. */
	constructor(schema: JsonSchema) {
		this.#input = new ValueTypes(schema).of([schema]);
	}

	/**
	 * The value of a parameter without brackets.
	 *
	 * @param name of the parameter, a member of the input.
	 * @param texts one, or several where the query repeats the name.
	 */
	coerce(name: string, texts: readonly string[]): unknown {
		return textsValue(this.#input.member(name), texts);
	}

	/** The value of a parameter of a path, where a list is written with commas. */
	coercePath(name: string, text: string): unknown {
		const type = this.#input.member(name);
		const isList = type?.isArray === true && type.scalar.read(text) === undefined;
		return isList ? listOf(type, text.split(",")) : textsValue(type, [text]);
	}

	/** The members of an input that a query contains. `filter[below]=5` is a member of the object `filter`. */
	coerceQuery(query: Iterable<readonly [string, string]>): [name: string, value: unknown][] {
		const tree = new QueryTree();
		for (const [name, text] of query) {
			const [base, keys] = this.#keysOf(name);
			tree.add(base, keys, text);
		}
		return [...tree.members].map(([name, node]) => [name, nodeValue(this.#input.member(name), node)]);
	}

	/** Brackets have a meaning only after the name of an object or a list. */
	#keysOf(name: string): readonly [base: string, keys: readonly string[]] {
		const keys = bracketKeys(name);
		if (keys === undefined || this.#input.declared(name) !== undefined) return [name, []];
		const type = this.#input.member(keys[0]);
		return type?.isObject || type?.isArray ? keys : [name, []];
	}
}

function nodeValue(type: ValueType | undefined, { texts, members }: QueryNode): unknown {
	if (members === undefined) return textsValue(type, texts);
	const within =
		type?.isArray && [...members.keys()].every(isIndex) ? items(type, members) : object(type, members);
	// The parameter is both a value and an object. No schema accepts that, so validation refuses it.
	return texts.length === 0 ? within : [...texts, within];
}

/** Every member is an own property, whatever it is called. */
function object(type: ValueType | undefined, members: ReadonlyMap<string, QueryNode>): unknown {
	return Object.fromEntries(
		Array.from(members, ([name, node]) => [name, nodeValue(type?.member(name), node)]),
	);
}

/** A list from `tags[]`, or from `tags[0]`, whose numbers only give the order. */
function items(type: ValueType, members: ReadonlyMap<string, QueryNode>): unknown[] {
	const { "": appended, ...numbered } = Object.fromEntries(members);
	const places = Object.keys(numbered).sort((one, other) => Number(one) - Number(other));
	const ordered = places.map((place, index) => nodeValue(type.item(index), numbered[place] as QueryNode));
	if (appended === undefined) return ordered;
	const { texts, members: within } = appended;
	const values = texts.map((text, index) => textsValue(type.item(ordered.length + index), [text]));
	const last = within === undefined ? [] : [object(type.item(ordered.length + texts.length), within)];
	return [...ordered, ...values, ...last];
}

function isIndex(key: string): boolean {
	return /^\d{0,9}$/.test(key);
}

function textsValue(type: ValueType | undefined, texts: readonly string[]): unknown {
	const [text = ""] = texts;
	if (texts.length !== 1) return listOf(type, texts);
	const value = type?.scalar.read(text);
	if (value !== undefined) return value;
	const structure = type === undefined ? undefined : jsonOf(type, text);
	if (structure !== undefined) return structure;
	return type?.isArray ? (commaList(type, text) ?? listOf(type, texts)) : text;
}

function listOf(type: ValueType | undefined, texts: readonly string[]): unknown[] {
	return texts.map((text, index) => {
		const item = type?.item(index);
		return item === undefined ? text : textsValue(item, [text]);
	});
}

/** A list from `1,2,3`, where no item may be that text. */
function commaList(type: ValueType, text: string): unknown[] | undefined {
	if (!text.includes(",") || mayBeItem(type, text)) return undefined;
	const values = text.split(",").map((part, index) => type.item(index)?.scalar.read(part));
	return values.includes(undefined) ? undefined : values;
}

function mayBeItem(type: ValueType, text: string): boolean {
	return type.item(0)?.scalar.read(text) !== undefined;
}

/** An object or a list written as JSON, where the text itself fits nothing. */
function jsonOf(type: ValueType, text: string): unknown {
	const fits =
		(type.isObject && text.startsWith("{")) ||
		(type.isArray && text.startsWith("[") && !mayBeItem(type, text));
	if (!fits) return undefined;
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

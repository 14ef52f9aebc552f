import { usageError } from "../command/command-error.ts";

/** The place at which a text stops being JSON. */
export interface JsonFault {
	/** From 1. */
	readonly line: number;
	/** From 1. */
	readonly column: number;
	/** The unexpected text: a letter in quotes, or the end. */
	readonly found: string;
}

/** A JSON value, or the place at which the text stops being JSON. */
export type JsonReading = { readonly value: unknown } | { readonly fault: JsonFault };

/**
 * Parses JSON, also after a byte order mark. Unlike the messages of `JSON.parse`, it always says where the fault is.
 */
export function readJson(marked: string): JsonReading {
	const text = marked.replace(/^\ufeff/, "");
	try {
		return { value: JSON.parse(text) };
	} catch {
		return { fault: faultAt(text, new Scanner(text).faultOffset()) };
	}
}

/**
 * Returns the value of a JSON text.
 *
 * @param what The name of the text in the error, such as `The input`.
 * @param line The line on which the text begins, for the error.
 * @throws CommandError that says where it stops being JSON.
 */
export function parseJson(what: string, text: string, line = 1): unknown {
	const reading = readJson(text);
	if ("value" in reading) return reading.value;
	throw usageError(faultText(what, line === 1 ? reading.fault : { ...reading.fault, line }));
}

/** `The input is not JSON: unexpected "x" at line 1, column 5.` */
export function faultText(what: string, { line, column, found }: JsonFault): string {
	const place = line === 1 ? `column ${column}` : `line ${line}, column ${column}`;
	return `${what} is not JSON: unexpected ${found} at ${place}.`;
}

function faultAt(text: string, offset: number): JsonFault {
	const before = text.slice(0, offset).split("\n");
	const letter = String.fromCodePoint(text.codePointAt(offset) ?? 0);
	return {
		line: before.length,
		column: (before.at(-1)?.length ?? 0) + 1,
		found: offset >= text.length ? "end" : JSON.stringify(letter),
	};
}

const blanks = /[ \t\n\r]*/y;
const scalars = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids just these in strings
const strings = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/y;

/** Scans JSON to find where it goes wrong. It keeps its own stack, so that deep nesting does no harm. */
class Scanner {
	readonly #text: string;
	#offset = 0;

	constructor(text: string) {
		this.#text = text;
	}

	/** The offset of the first letter that does not belong, or the length if the text ends too soon. */
	faultOffset(): number {
		const open: ("[" | "{")[] = [];
		let expects: "value" | "key" | "first" | "after" = "value";
		for (;;) {
			this.#skip(blanks);
			const letter = this.#text[this.#offset];
			const top = open.at(-1);
			if (letter === undefined) return this.#offset;
			if (expects === "after") {
				if (letter === "," && top !== undefined) expects = top === "{" ? "key" : "value";
				else if (letter === (top === "{" ? "}" : "]") && top !== undefined) open.pop();
				else return this.#offset;
				this.#offset++;
			} else if (expects === "first" && letter === (top === "{" ? "}" : "]")) {
				open.pop();
				this.#offset++;
				expects = "after";
			} else if (expects === "key" || (expects === "first" && top === "{")) {
				if (!this.#string() || !this.#colon()) return this.#offset;
				expects = "value";
			} else if (letter === "[" || letter === "{") {
				open.push(letter);
				this.#offset++;
				expects = "first";
			} else if (letter === '"' ? this.#string() : this.#skip(scalars)) expects = "after";
			else return this.#offset;
		}
	}

	#string(): boolean {
		if (!this.#skip(strings) || this.#text[this.#offset] !== '"') return false;
		this.#offset++;
		return true;
	}

	#colon(): boolean {
		this.#skip(blanks);
		if (this.#text[this.#offset] !== ":") return false;
		this.#offset++;
		return true;
	}

	/** Returns whether there was something to skip. */
	#skip(pattern: RegExp): boolean {
		pattern.lastIndex = this.#offset;
		const [found = ""] = pattern.exec(this.#text) ?? [];
		this.#offset += found.length;
		return found !== "";
	}
}

import type { JsonSchema } from "@allium/core";
import { descriptionOf, type Property, resolvePointer, type View, view } from "@allium/core/reflection";

/**
 * Formats a JSON Schema as a type in the style of TypeScript. It is on one line if it fits into `width` letters and
 * has no descriptions; otherwise it has a line for each property.
 *
 * @example
 * typeText({ type: "object", properties: { a: { type: "integer" } }, required: ["a"] }) // "{ a: integer }"
 */
export function typeText(schema: JsonSchema, width: number = Number.POSITIVE_INFINITY): string {
	return new TypePrinter(schema).print(schema, width, "");
}

class TypePrinter {
	readonly #root: JsonSchema;
	/** The references that are being resolved. A reference that recurs is only named. */
	readonly #following: string[] = [];

	constructor(root: JsonSchema) {
		this.#root = root;
	}

	/** Uses several lines if one line is too short. */
	print(schema: unknown, width: number, indent: string): string {
		const line = this.#line(schema, false);
		const seen = view(schema);
		if (seen.kind === "reference" && !this.#following.includes(seen.pointer)) {
			return this.#resolved(seen.pointer, (found) => this.print(found, width, indent));
		}
		if (seen.kind !== "object" || seen.properties.length === 0) return line;
		const described = seen.properties.some((property) => descriptionOf(property.schema) !== undefined);
		if (!described && indent.length + line.length <= width) return line;
		return this.#block(seen, width, indent);
	}

	#block(seen: Extract<View, { kind: "object" }>, width: number, indent: string): string {
		const inner = `${indent}  `;
		const lines = seen.properties.map(({ name, schema, required }) => {
			const description = descriptionOf(schema);
			const type = this.print(schema, width - name.length - 3, inner);
			return `${inner}${key(name, required)}: ${type}${description === undefined ? "" : `  // ${description}`}`;
		});
		const others = this.#others(seen.others);
		return ["{", ...lines, ...(others === undefined ? [] : [inner + others]), `${indent}}`].join("\n");
	}

	/**
	 * Formats on one line. `atom` asks for parentheses around a type that binds less tightly than its surroundings.
	 */
	#line(schema: unknown, atom: boolean): string {
		const seen = view(schema);
		switch (seen.kind) {
			case "string":
				return seen.format === undefined ? "string" : `string<${seen.format}>`;
			case "literals":
				return joined(
					seen.values.map((value) => JSON.stringify(value)),
					" | ",
					atom,
				);
			case "union":
				return joined(this.#parts(seen.parts), " | ", atom);
			case "intersection":
				return joined(this.#parts(seen.parts), " & ", atom);
			case "array":
				return this.#array(seen.first, seen.rest);
			case "object":
				return this.#object(seen.properties, seen.others);
			case "reference":
				return this.#resolved(seen.pointer, (found) => this.#line(found, atom));
			default:
				return seen.kind;
		}
	}

	#parts(parts: readonly unknown[]): string[] {
		return [...new Set(parts.map((part) => this.#line(part, true)))];
	}

	#array(first: readonly unknown[], rest: unknown): string {
		const items = rest === false ? undefined : `${this.#line(rest, true)}[]`;
		if (first.length === 0) return items ?? "[]";
		const fixed = first.map((item) => this.#line(item, false));
		return `[${[...fixed, ...(items === undefined ? [] : [`...${items}`])].join(", ")}]`;
	}

	#object(properties: readonly Property[], others: unknown): string {
		const named = properties.map(
			({ name, schema, required }) => `${key(name, required)}: ${this.#line(schema, false)}`,
		);
		const rest = this.#others(others);
		const all = [...named, ...(rest === undefined ? [] : [rest])];
		if (all.length > 0) return `{ ${all.join(", ")} }`;
		return others === undefined ? "object" : "{}";
	}

	/** The type of other properties. Undefined if there may be none, or if the schema says nothing about them. */
	#others(others: unknown): string | undefined {
		const isOpen = typeof others === "object" && others !== null && Object.keys(others).length === 0;
		if (others === undefined || others === false) return undefined;
		return `[key: string]: ${isOpen ? "unknown" : this.#line(others, false)}`;
	}

	#resolved(pointer: string, print: (schema: unknown) => string): string {
		if (this.#following.includes(pointer)) return pointer.split("/").at(-1)?.replace("#", "") || "this";
		this.#following.push(pointer);
		try {
			return print(resolvePointer(this.#root, pointer));
		} finally {
			this.#following.pop();
		}
	}
}

function joined(parts: readonly string[], separator: string, atom: boolean): string {
	const text = parts.join(separator);
	return atom && parts.length > 1 ? `(${text})` : text;
}

function key(name: string, required: boolean): string {
	return `${/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name) ? name : JSON.stringify(name)}${required ? "" : "?"}`;
}

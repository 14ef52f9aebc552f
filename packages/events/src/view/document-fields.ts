import { sha256 } from "@allium/core/store";

/** Longer values are kept by their hash, because databases bound the size of an entry in an index. */
const longestValue = 256;

/** The text by which a value of a field is found; undefined for what cannot be searched for. */
export function fieldText(value: unknown): string | undefined {
	if (typeof value === "number" && !Number.isFinite(value)) return undefined;
	if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") return undefined;
	const text = JSON.stringify(value);
	return text.length <= longestValue ? text : `#${sha256(text)}`;
}

/** The fields of a document by which it is found. */
export function fieldsOf(document: unknown, index: readonly string[]): Readonly<Record<string, string>> {
	const fields: Record<string, string> = {};
	if (typeof document !== "object" || document === null) return fields;
	for (const field of index) {
		const text = Object.hasOwn(document, field) ? fieldText(Reflect.get(document, field)) : undefined;
		if (text !== undefined) Object.defineProperty(fields, field, { value: text, enumerable: true });
	}
	return fields;
}

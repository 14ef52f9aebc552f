import { createHash } from "node:crypto";

/** The longest text that lies in an index as it is, in UTF-16 units: an entry of an index has room for 2,700 bytes. */
const longestPlain = 500;

/**
 * A text as PostgreSQL keeps it: written as within a string of JSON, because PostgreSQL takes no NUL, and UTF-8 no half
 * of a surrogate pair.
 */
export function storedText(text: string): string {
	return JSON.stringify(text).slice(1, -1);
}

/** The text that {@link storedText} was given. */
export function originalText(stored: string): string {
	return JSON.parse(`"${stored}"`);
}

/** What stands for a text in indexes: the stored text where it is short, and a hash of it where it is long. */
export function indexedText(text: string): string {
	const stored = storedText(text);
	return stored.length <= longestPlain && !stored.startsWith("#") ? stored : `#${digest(stored)}`;
}

/** What stands for several names together in an index. */
export function indexedNames(...names: readonly string[]): string {
	return digest(JSON.stringify(names));
}

function digest(text: string): string {
	return createHash("sha256").update(text).digest("base64url");
}

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

/** The form of a text in indexes: the stored text if it is short, and its hash if it is long. */
export function indexedText(text: string): string {
	const stored = storedText(text);
	return stored.length <= longestPlain && !stored.startsWith("#") ? stored : `#${digest(stored)}`;
}

/** The form of several names together in an index. */
export function indexedNames(...names: readonly string[]): string {
	return digest(JSON.stringify(names));
}

function digest(text: string): string {
	return createHash("sha256").update(text).digest("base64url");
}

/**
 * The name of a stream as PostgreSQL keeps it: sorted as the name itself, and with the same prefixes. The name has no
 * half of a surrogate pair.
 */
export function sortedText(name: string): string {
	return name.replaceAll("\u0001", "\u0001\u0002").replaceAll("\0", "\u0001\u0001");
}

/** The name that {@link sortedText} was given. */
export function originalName(stored: string): string {
	return stored.replaceAll("\u0001\u0001", "\0").replaceAll("\u0001\u0002", "\u0001");
}

/** A long text as PostgreSQL keeps it: as it is, unless PostgreSQL or UTF-8 cannot hold it. */
export function plainText(text: string): string {
	const isPlain = text.isWellFormed() && !text.includes("\0") && !text.startsWith("\u0001");
	return isPlain ? text : `\u0001${storedText(text)}`;
}

/** The text that {@link plainText} was given. */
export function originalPlain(stored: string): string {
	return stored.startsWith("\u0001") ? originalText(stored.slice(1)) : stored;
}

/**
 * The keys of a JSON Pointer (RFC 6901) in the form that `$ref` has: a fragment such as `#/$defs/a~1b`, in which
 * `~1` is a slash, `~0` a tilde, and `%20` a space.
 *
 * @returns undefined for a reference to another document, and for a malformed pointer.
 */
export function pointerKeys(reference: string): string[] | undefined {
	if (reference !== "#" && !reference.startsWith("#/")) return undefined;
	try {
		const parts = decodeURIComponent(reference.slice(1)).split("/").slice(1);
		return parts.map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
	} catch {
		// The text has a percent sign that begins no escape.
		return undefined;
	}
}

/** The JSON Pointer of keys, as a fragment. */
export function pointerTo(...keys: string[]): string {
	return ["#", ...keys.map((key) => key.replaceAll("~", "~0").replaceAll("/", "~1"))].join("/");
}

/** The value that a reference within a document leads to; undefined where there is none. */
export function resolvePointer(document: unknown, reference: string): unknown {
	const keys = pointerKeys(reference);
	return keys?.reduce<unknown>(memberOf, document);
}

function memberOf(value: unknown, key: string): unknown {
	if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
	if (Array.isArray(value) && !/^\d+$/.test(key)) return undefined;
	return (value as Record<string, unknown>)[key];
}

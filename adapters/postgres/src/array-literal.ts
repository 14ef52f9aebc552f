/** Values as the text of an array of PostgreSQL. Undefined is NULL. */
export function arrayLiteral(values: Iterable<string | number | undefined>): string {
	return `{${Array.from(values, literal).join(",")}}`;
}

function literal(value: string | number | undefined): string {
	if (value === undefined) return "NULL";
	return typeof value === "number" ? String(value) : `"${value.replace(/["\\]/g, "\\$&")}"`;
}

/**
 * Texts without line breaks, such as events, as one value for {@link linesSql}. As an array they would be escaped, and
 * read character by character.
 */
export function lines(texts: readonly string[]): string {
	return texts.join("\n");
}

/** The array of the texts of {@link lines}. */
export function linesSql(value: string): string {
	return `string_to_array(${value}::text, E'\\n')`;
}

/** Values as the text of an array of PostgreSQL. Undefined is NULL. */
export function arrayLiteral(values: Iterable<string | number | undefined>): string {
	return `{${Array.from(values, literal).join(",")}}`;
}

function literal(value: string | number | undefined): string {
	if (value === undefined) return "NULL";
	return typeof value === "number" ? String(value) : `"${value.replace(/["\\]/g, "\\$&")}"`;
}

/** The members of a JSON object of which nothing is known. */
export type Fields = Readonly<Record<string, unknown>>;

/** The members of a value that another process sent; none where it is no object. */
export function fields(value: unknown): Fields {
	return typeof value === "object" && value !== null ? (value as Fields) : {};
}

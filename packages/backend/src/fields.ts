/** The members of a JSON object, of unknown types. */
export type Fields = Readonly<Record<string, unknown>>;

/** The members of a value that another process sent. None if it is not an object. */
export function fields(value: unknown): Fields {
	return typeof value === "object" && value !== null ? (value as Fields) : {};
}

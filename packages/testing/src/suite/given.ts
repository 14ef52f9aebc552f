/** The Standard Schema of {@link given}. */
export interface Given<T> {
	readonly "~standard": {
		readonly version: 1;
		readonly vendor: "allium";
		readonly validate: (value: unknown) => { readonly value: T };
		readonly types?: { readonly input: T; readonly output: T };
	};
}

/** A Standard Schema that takes everything as it is, so that suites need no schema library. */
export function given<T>(): Given<T> {
	const validate = (value: unknown): { value: T } => ({ value: value as T });
	const jsonSchema = { input: () => ({}), output: () => ({}) };
	return { "~standard": { version: 1, vendor: "allium", validate, ...{ jsonSchema } } };
}

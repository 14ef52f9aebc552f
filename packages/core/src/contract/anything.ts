import type { JsonSchema, Schema } from "./schema.ts";

/** A schema that accepts everything as it is, and describes itself as it is told. */
export function anything(described: JsonSchema): Schema {
	const tell = (): JsonSchema => described;
	const standard = {
		version: 1 as const,
		vendor: "allium",
		validate: (value: unknown) => ({ value }),
		jsonSchema: { input: tell, output: tell },
	};
	return { "~standard": standard };
}

import { jsonSchema } from "./schema.ts";
import { messageSchema, type Side } from "./stream.ts";

/** Refuses a schema whose JSON Schema says that JSON cannot carry it. */
export function checkJson(
	path: string,
	what: string,
	schema: Side | undefined,
	side: "input" | "output",
): void {
	const message = messageSchema(schema);
	if (message === undefined) return;
	try {
		jsonSchema(message, side);
	} catch (error) {
		throw new TypeError(
			`${path}: the ${what} cannot cross the wire as JSON (${(error as Error).message}); describe it with strings, numbers, booleans, arrays and objects`,
		);
	}
}

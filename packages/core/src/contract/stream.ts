import type { Schema } from "./schema.ts";

/** A side of a method that consists of many messages. */
export interface StreamOf<S extends Schema = Schema> {
	readonly "~stream": S;
}

/**
 * Marks the input or output of a method as a stream of messages.
 *
 * @example
 * primes: method({ input: z.object({ upTo: z.int() }), output: stream(z.object({ prime: z.int() })) })
 */
export function stream<S extends Schema>(message: S): StreamOf<S> {
	return { "~stream": message };
}

/** One side of a method: a schema, or a stream of messages that each fit one. */
export type Side = Schema | StreamOf;

export function isStream(side: Side | undefined): side is StreamOf {
	return side !== undefined && "~stream" in side;
}

/** The schema of one message of a side. */
export function messageSchema(side: Side | undefined): Schema | undefined {
	return isStream(side) ? side["~stream"] : side;
}

import type { DeclaredError, ErrorSpecs } from "./declared-error.ts";
import type { JsonOnly } from "./json.ts";
import type { Schema, SchemaInput, SchemaOutput } from "./schema.ts";
import type { Side, StreamOf } from "./stream.ts";

/**
 * What a call does beside answering. `read`: nothing, so it may be cached, retried and sent as GET.
 * `idempotent`: doing it twice is the same as once, so it may be retried. `write`: anything else.
 */
export type Effect = "read" | "idempotent" | "write";

/** Which sides of a method are streams. */
export type Kind = "unary" | "server_stream" | "client_stream" | "bidi_stream";

/** Whether the input of a method is a stream. */
export function takesStream(kind: Kind): boolean {
	return kind === "client_stream" || kind === "bidi_stream";
}

/** Whether the output of a method is a stream. */
export function givesStream(kind: Kind): boolean {
	return kind === "server_stream" || kind === "bidi_stream";
}

/** A method as it is written in a contract. */
export interface MethodSpec<
	I extends Side | undefined = Side | undefined,
	O extends Side | undefined = Side | undefined,
	E extends ErrorSpecs = ErrorSpecs,
> {
	/** One line for people. */
	readonly summary?: string;
	/** What the method takes. Default: `{}`. */
	readonly input?: I;
	/** What the method answers. Default: `{}`. */
	readonly output?: O;
	/** The errors that callers can expect, by reason. */
	readonly errors?: E;
	/** Default: `write`. */
	readonly effect?: Effect;
	/** What the method is called on every wire, where that differs from its name here: `GetUser` for `getUser`. */
	readonly wireName?: string;
	/** Annotations for others: gateways, dashboards, generators. */
	readonly meta?: Readonly<Record<string, unknown>>;
}

/** A method of a contract. */
export interface Method<
	I extends Side | undefined = Side | undefined,
	O extends Side | undefined = Side | undefined,
	E extends ErrorSpecs = ErrorSpecs,
> {
	/** The name of the contract that it belongs to. */
	readonly service: string;
	readonly name: string;
	/** `service/name`, or `service/wireName`: how it is addressed on every transport. */
	readonly path: string;
	readonly kind: Kind;
	readonly effect: Effect;
	readonly summary: string | undefined;
	readonly meta: Readonly<Record<string, unknown>>;
	readonly input: I;
	readonly output: O;
	readonly errors: E;
	/** Makes the declared errors: `throw Add.sum.error.two_zeroes()`. */
	readonly error: { readonly [R in keyof E]: DeclaredError<E[R]> };
}

/** The JSON object without members: what a missing input or output means. */
export type Empty = Record<string, never>;

type WireInput<S> = S extends StreamOf<infer M> ? SchemaInput<M> : S extends Schema ? SchemaInput<S> : Empty;
type WireOutput<S> =
	S extends StreamOf<infer M> ? SchemaOutput<M> : S extends Schema ? SchemaOutput<S> : Empty;

type WireError<E> = E extends { readonly data: infer S extends Schema }
	? { readonly data: JsonOnly<SchemaInput<S>> }
	: unknown;

/**
 * Describes a method. What crosses the wire must be JSON: the input as the schema accepts it, the output as
 * the schema yields it.
 *
 * @example
 * sum: method({ input: z.object({ a: z.int(), b: z.int() }), output: z.object({ v: z.int() }), effect: "read" })
 */
export function method<
	I extends Side | undefined = undefined,
	O extends Side | undefined = undefined,
	const E extends ErrorSpecs = Readonly<Record<never, never>>,
>(
	spec: MethodSpec<I, O, E> & {
		readonly input?: JsonOnly<WireInput<I>>;
		readonly output?: JsonOnly<WireOutput<O>>;
		readonly errors?: { readonly [R in keyof NoInfer<E>]: WireError<NoInfer<E>[R]> };
	},
): MethodSpec<NoInfer<I>, NoInfer<O>, NoInfer<E>> {
	// `NoInfer`: a contract around this must not suggest the types of what is missing here.
	return spec;
}

import type { DeclaredError, ErrorSpec, ErrorSpecs } from "./declared-error.ts";
import type { IfJson } from "./json.ts";
import type { Schema, SchemaInput, SchemaOutput } from "./schema.ts";
import type { Side, StreamOf } from "./stream.ts";

/**
 * The side effect of a call. `read`: none, so the call may be cached, retried and sent as GET. `idempotent`: two
 * calls have the effect of one, so the call may be retried. `write`: any other.
 */
export type Effect = "read" | "idempotent" | "write";

/** Which sides of a method are streams. The handlers of an event are methods of the kind `event`. */
export type Kind = "unary" | "server_stream" | "client_stream" | "bidi_stream" | "event";

/** The kinds of methods that are called. */
export type CallKind = Exclude<Kind, "event">;

/** Whether the input of a method is a stream. */
export function takesStream(kind: Kind): boolean {
	return kind === "client_stream" || kind === "bidi_stream";
}

/** Whether the output of a method is a stream. */
export function givesStream(kind: Kind): boolean {
	return kind === "server_stream" || kind === "bidi_stream";
}

/** The facts about a method other than its schemas. */
export interface MethodFacts<F extends Effect = Effect> {
	/** One line for people. */
	readonly summary?: string;
	/** Default: `write`. */
	readonly effect?: F;
	/** The name of the method on every wire, where that differs from its name here: `GetUser` for `getUser`. */
	readonly wireName?: string;
	/** Annotations for others: gateways, dashboards, generators. */
	readonly meta?: Readonly<Record<string, unknown>>;
}

/** A method as it is written in a contract. */
export interface MethodSpec<
	I extends Side | undefined = Side | undefined,
	O extends Side | undefined = Side | undefined,
	E extends ErrorSpecs = ErrorSpecs,
	F extends Effect = Effect,
> extends MethodFacts<F> {
	/** The schema of the input. Default: `{}`. */
	readonly input?: I;
	/** The schema of the output. Default: `{}`. */
	readonly output?: O;
	/** The errors that callers can expect, by reason. */
	readonly errors?: E;
}

/** A method of a contract. */
export interface Method<
	I extends Side | undefined = Side | undefined,
	O extends Side | undefined = Side | undefined,
	E extends ErrorSpecs = ErrorSpecs,
	F extends Effect = Effect,
> {
	/** The name of the contract that it belongs to. */
	readonly service: string;
	readonly name: string;
	/** `service/name`, or `service/wireName`: its address on every transport. */
	readonly path: string;
	readonly kind: Kind;
	readonly effect: F;
	readonly summary: string | undefined;
	readonly meta: Readonly<Record<string, unknown>>;
	readonly input: I;
	readonly output: O;
	readonly errors: E;
	/** Makes the declared errors: `throw Add.sum.error.two_zeroes()`. */
	readonly error: { readonly [R in keyof E]: DeclaredError<E[R]> };
}

/** The JSON object without members. A missing input or output stands for it. */
export type Empty = Record<string, never>;

type WireInput<S> = S extends StreamOf<infer M> ? SchemaInput<M> : S extends Schema ? SchemaInput<S> : Empty;
type WireOutput<S> =
	S extends StreamOf<infer M> ? SchemaOutput<M> : S extends Schema ? SchemaOutput<S> : Empty;

type JsonErrors<E extends ErrorSpecs> = [ErrorFaults<E>[keyof E]] extends [never]
	? E
	: WrongErrors<ErrorFaults<E>>;

type ErrorFaults<E extends ErrorSpecs> = {
	readonly [R in keyof E]: E[R] extends { readonly data: infer S extends Schema }
		? IfJson<SchemaInput<S>, never, `errors.${R & string}.data`>
		: never;
};

type WrongErrors<Faults> = {
	readonly [R in keyof Faults]: [Faults[R]] extends [never] ? ErrorSpec : { readonly data: Faults[R] };
};

/** The errors of a method that declares none. */
type NoErrors = Readonly<Record<never, never>>;

/**
 * The same as `MethodSpec`, except that the compiler infers nothing about missing parts from the contract around the
 * method.
 */
type Written<I, O, E, F> = [I, O, E, F] extends [
	infer Input extends Side | undefined,
	infer Output extends Side | undefined,
	infer Errors extends ErrorSpecs,
	infer Effects extends Effect,
]
	? MethodSpec<Input, Output, Errors, Effects>
	: never;

/** A method to be described. A property that JSON cannot carry is refused by a message that begins with its path. */
export interface MethodInit<
	I extends Side | undefined,
	O extends Side | undefined,
	E extends ErrorSpecs,
	F extends Effect,
> extends MethodFacts<F> {
	/** The schema of the input. Default: `{}`. */
	readonly input?: IfJson<WireInput<I>, I, "input">;
	/** The schema of the output. Default: `{}`. */
	readonly output?: IfJson<WireOutput<O>, O, "output">;
	/** The errors that callers can expect, by reason. */
	readonly errors?: JsonErrors<E>;
}

/**
 * Describes a method. The messages on the wire must be JSON: the input as its schema accepts it, the output as its
 * schema yields it.
 *
 * @example
 * sum: method({ input: z.object({ a: z.int(), b: z.int() }), output: z.object({ v: z.int() }), effect: "read" })
 */
export function method<
	I extends Side | undefined = undefined,
	O extends Side | undefined = undefined,
	const E extends ErrorSpecs = NoErrors,
	F extends Effect = "write",
>(spec: MethodInit<I, O, E, F>): Written<I, O, E, F>;
export function method(spec: MethodSpec): MethodSpec {
	return spec;
}

import type { Context } from "../context/context.ts";
import type { AnyContract, EventName } from "../contract/contract.ts";
import type { Empty, Method } from "../contract/method.ts";
import type { Schema, SchemaInput, SchemaOutput } from "../contract/schema.ts";
import type { StreamOf } from "../contract/stream.ts";

type ClientInput<S> =
	S extends StreamOf<infer M> ? AsyncIterable<SchemaInput<M>> : S extends Schema ? SchemaInput<S> : Empty;

type ClientOutput<S> =
	S extends StreamOf<infer M>
		? AsyncIterable<SchemaOutput<M>>
		: S extends Schema
			? Promise<SchemaOutput<S>>
			: Promise<Empty>;

/** The function that calls one method. Without a context, the call runs under the background context. */
export type ClientMethod<M> =
	M extends Method<infer I, infer O> ? (input: ClientInput<I>, ctx?: Context) => ClientOutput<O> : never;

/**
 * Calls the methods of a contract. Where no schema transforms, a client has the type of the service, so that local
 * and remote are interchangeable. `await using`, or `[Symbol.asyncDispose]()`, closes it.
 *
 * Each method keeps its declaration in the contract: editors show its docs, and lead there.
 */
export type Client<C extends AnyContract> = {
	readonly [K in keyof C as Exclude<K, "~allium" | EventName<C>>]: ClientMethod<C[K]>;
} & {
	[Symbol.asyncDispose](): Promise<void>;
};

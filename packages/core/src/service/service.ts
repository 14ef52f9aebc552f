import type { Context } from "../context/context.ts";
import type { AnyContract, EventName } from "../contract/contract.ts";
import type { Empty, Method } from "../contract/method.ts";
import type { Schema, SchemaInput, SchemaOutput } from "../contract/schema.ts";
import type { StreamOf } from "../contract/stream.ts";

/** The input of a handler: what the schema yields, or a stream of such messages. */
type HandlerInput<S> =
	S extends StreamOf<infer M> ? AsyncIterable<SchemaOutput<M>> : S extends Schema ? SchemaOutput<S> : Empty;

/** The output of a handler: what the schema accepts, or a stream of such messages. */
type HandlerOutput<S> =
	S extends StreamOf<infer M>
		? AsyncIterable<SchemaInput<M>>
		: S extends Schema
			? Promise<SchemaInput<S>>
			: // biome-ignore lint/suspicious/noConfusingVoidType: a handler without an output returns nothing
				Promise<Empty | void>;

/** The function that fulfils one method. */
export type Handler<M> =
	M extends Method<infer I, infer O> ? (input: HandlerInput<I>, ctx: Context) => HandlerOutput<O> : never;

/** An object of functions that fulfils a contract: business logic, no transport in sight. */
export type Service<C extends AnyContract> = {
	readonly [K in keyof C as Exclude<K, "~allium" | EventName<C>>]: Handler<C[K]>;
};

/** Wraps a whole service, with its types: logging, counting, caching that knows the business. */
export type ServiceMiddleware<C extends AnyContract> = (next: Service<C>) => Service<C>;

/**
 * Beside `Service<C>` in the type of a parameter: refuses a service for another contract by a message that names the
 * methods at fault. It is `unknown` where the service fits.
 *
 * @typeParam S the type of the service that is given.
 */
export type Fits<C extends AnyContract, S> = [C] extends [never]
	? S // This never applies. The compiler infers S from it.
	: unknown extends S
		? unknown
		: [S] extends [Service<C>]
			? unknown
			: Misfit<
					| `${Exclude<keyof Service<C>, keyof S> & string} is missing`
					| `${Differing<Service<C>, S> & string} has other types`
				>;

/** No service has this type. The compiler shows its name and what is wrong. */
interface Misfit<Fault> {
	readonly "~misfit": Fault;
}

/** The methods whose types differ from the wanted ones. */
type Differing<Wanted, S> = {
	[K in keyof Wanted & keyof S]: S[K] extends Wanted[K] ? never : K;
}[keyof Wanted & keyof S];

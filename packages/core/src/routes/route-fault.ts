import type { Effect, Method } from "../contract/method.ts";
import type { Schema, SchemaInput } from "../contract/schema.ts";
import type { StreamOf } from "../contract/stream.ts";
import type { RuntimeReason } from "./reasons.ts";
import type { RouteSpec } from "./route-spec.ts";

/**
 * The faults in the routes of a contract: a sentence for each faulty method, which the compiler shows.
 *
 * @typeParam S the type of the routes as they are written, by the names of the methods.
 */
export type RouteFaults<C, S> = [C] extends [never]
	? S // This never applies. The compiler infers S from it.
	: [S] extends [never]
		? unknown
		: { readonly [K in keyof S & keyof C as Faulty<C[K], K, S[K]>]?: MethodFault<C[K], K, S[K]> };

/** The name of a method, if its routes do not fit it. */
type Faulty<M, Name, Specs> = [
	RouteFault<M, Name, Specs extends readonly (infer Spec)[] ? Spec : Specs>,
] extends [never]
	? never
	: Name;

/** Of several routes, only the faulty one gets the sentence. */
type MethodFault<M, Name, Specs> = Specs extends readonly unknown[]
	? {
			readonly [I in keyof Specs]: [RouteFault<M, Name, Specs[I]>] extends [never]
				? unknown
				: RouteFault<M, Name, Specs[I]>;
		}
	: RouteFault<M, Name, Specs>;

/** The fault of one route of a method; never where the route fits. */
type RouteFault<M, Name, Spec> =
	M extends Method<infer I, infer O, infer E, infer F>
		? [Extract<I | O, StreamOf>] extends [never]
			? Spec extends RouteSpec<infer Parameter, infer Reason, infer V>
				?
						| VerbFault<V, F, Name & string>
						| ParameterFault<Exclude<Parameter, InputName<I>>, Name & string>
						| ReasonFault<Exclude<Reason, keyof E | RuntimeReason>, Name & string>
				: never
			: `${Name & string} is a stream; REST routes are for unary methods`
		: never;

type VerbFault<V, F extends Effect, Name extends string> = V extends "GET"
	? "read" extends F
		? never
		: `${Name} has the effect ${F}; GET is for the effect read`
	: never;

type ParameterFault<Parameter extends string, Name extends string> = Parameter extends string
	? `${Name} has no {${Parameter}} in its input`
	: never;

type ReasonFault<Reason extends string, Name extends string> = Reason extends string
	? `${Name} declares no error ${Reason}`
	: never;

/** The names that a path may contain: the properties of the method's input. */
export type InputName<I> = I extends Schema ? Keys<SchemaInput<I>> : never;

/** The names of the properties of an input, over all alternatives. */
type Keys<T> = T extends unknown ? Extract<keyof T, string> : never;

import type { Context } from "../context/context.ts";
import type { Method } from "../contract/method.ts";

/**
 * One method as a plain function, of the same type on server and client. A side that is a stream is an
 * `AsyncIterable`. The endpoint of an output stream resolves when the call is accepted; the call ends later (see
 * `onSettled`).
 */
export type Endpoint = (input: unknown, ctx: Context) => Promise<unknown>;

/**
 * Wraps an endpoint. It is called once for each method when a service or client is made, so work outside of the
 * returned function costs nothing per call.
 *
 * @example
 * const shout: Middleware = (next, method) => (input, ctx) => {
 *   console.log(method.path);
 *   return next(input, ctx);
 * };
 */
export type Middleware = (next: Endpoint, method: Method) => Endpoint;

/**
 * Joins middleware into one, outermost first: `chain(a, b)(endpoint)` runs a, then b, then the endpoint, and returns
 * through b and a.
 */
export function chain(...middleware: readonly Middleware[]): Middleware {
	return (next, method) => middleware.reduceRight((inner, outer) => outer(inner, method), next);
}

/**
 * Narrows a middleware to some methods, by name. Calls of other methods do not pass through it.
 *
 * @example
 * only("sum", rateLimit({ perSecond: 100 }))
 */
export function only(names: string | readonly string[], middleware: Middleware): Middleware {
	const chosen = new Set(typeof names === "string" ? [names] : names);
	return (next, method) => (chosen.has(method.name) ? middleware(next, method) : next);
}

import type { Method } from "../contract/method.ts";

/** The property in which a function of a client keeps its method. */
const property = "~method";

/** Notes which method of a contract a function of a client calls. */
export function ofMethod<F extends (...args: never) => unknown>(call: F, method: Method): F {
	return Object.defineProperty(call, property, { value: method });
}

/** The method of a contract that a function of a client calls; undefined for any other function. */
export function methodOf(call: (...args: never) => unknown): Method | undefined {
	return (call as { readonly [property]?: Method })[property];
}

import { isContext } from "../context/context.ts";
import type { Method } from "../contract/method.ts";
import { kindOf, Mistake } from "../errors/mistake.ts";
import { checkedAnswer } from "./answer.ts";
import type { Endpoint, Middleware } from "./endpoint.ts";

const brand = Symbol.for("allium.trusted");

/** Marks the runtime's own middleware, which needs no check. */
export function trusted(middleware: Middleware): Middleware {
	return Object.assign(middleware, { [brand]: true });
}

/**
 * Joins middleware as `chain` does, outermost first, and checks middleware from outside of the runtime. A call that
 * one of them spoils fails with a {@link Mistake} that names it. A promise that it drops cannot end the process.
 *
 * @param what names the middleware in messages, such as `the client's middleware`.
 */
export function checkedChain(what: string, middleware: readonly Middleware[]): Middleware {
	return (next, method) =>
		middleware.reduceRight((inner, outer, index) => {
			if ((outer as { [brand]?: unknown })[brand] === true) return outer(inner, method);
			return checked(outer, nameOf(what, outer, index), inner, method);
		}, next);
}

function nameOf(what: string, middleware: unknown, index: number): string {
	const name = typeof middleware === "function" ? middleware.name : "";
	return `${what} ${index + 1}${name === "" ? "" : ` (${name})`}`;
}

function checked(middleware: Middleware, who: string, next: Endpoint, method: Method): Endpoint {
	const inner: Endpoint = (input, ctx) => {
		if (!isContext(ctx)) return Promise.reject(noContext(who, method, ctx));
		const reply = next(input, ctx);
		// Middleware may drop the promise, or wait for something else first. That must not make its error an
		// unhandled one.
		reply.then(undefined, nothing);
		return reply;
	};
	const endpoint: unknown = middleware(inner, method);
	if (typeof endpoint !== "function") {
		throw new Mistake(
			`${who} made ${kindOf(endpoint)} of ${method.path} instead of an endpoint: write return (input, ctx) => next(input, ctx)`,
			{ stack: true },
		);
	}
	return checkedAnswer(endpoint as Endpoint, who, method);
}

function noContext(who: string, { path }: Method, ctx: unknown): Mistake {
	return new Mistake(
		`${who} of ${path} passed ${kindOf(ctx)} on instead of a context: write next(input, ctx)`,
	);
}

function nothing(): void {}

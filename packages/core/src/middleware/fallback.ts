import type { Context } from "../context/context.ts";
import type { Method } from "../contract/method.ts";
import type { Middleware } from "../endpoint/endpoint.ts";
import { type ServiceError, toServiceError } from "../errors/service-error.ts";
import { isTrouble } from "../errors/trouble.ts";

/** When {@link fallback} answers. */
export interface FallbackOptions {
	/** Which errors are replaced by an answer. Default: the errors of a callee that is in trouble or overloaded. */
	readonly when?: (error: ServiceError) => boolean;
}

/**
 * Answers in place of a call that failed: with a default, an older answer, or the answer of another service. A caller
 * that gave up, or whose time is over, gets no answer, so `fallback` belongs outside of `timeout`. A stream is
 * replaced only while it is not accepted.
 *
 * After the fallbacks of Netflix's Hystrix.
 *
 * @param answer returns the answer, of the method's output type; it may call other services with its context.
 *
 * @example
 * only("recommend", fallback(() => ({ movies: bestsellers })))
 */
export function fallback(
	answer: (error: ServiceError, input: unknown, ctx: Context, method: Method) => unknown,
	options: FallbackOptions = {},
): Middleware {
	const { when = isNoAnswer } = options;
	return (next, method) => (input, ctx) =>
		next(input, ctx).catch((thrown: unknown) => {
			const error = toServiceError(thrown);
			if (ctx.error !== undefined || !when(error)) throw thrown;
			return answer(error, input, ctx, method);
		});
}

function isNoAnswer(error: ServiceError): boolean {
	return isTrouble(error) || error.code === "resource_exhausted";
}

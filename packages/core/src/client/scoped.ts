import { CallScope, succeeded } from "../context/call-scope.ts";
import { Cancellation, JoinedSource } from "../context/cancellation.ts";
import { Context } from "../context/context.ts";
import { givesStream, type Method } from "../contract/method.ts";
import type { Endpoint } from "../endpoint/endpoint.ts";
import { observeStream } from "../endpoint/observe-stream.ts";
import { isServiceError, serviceErrorFrom, toServiceError } from "../errors/service-error.ts";

/**
 * Makes what passes through a call of its own to `onSettled`: it settles at the true end.
 *
 * @param life ends every call with it. Default: the caller's context alone does.
 */
export function scoped(next: Endpoint, method: Method, life?: Context): Endpoint {
	const streams = givesStream(method.kind);
	const translate = (error: unknown): unknown => ofCallee(method, error);
	return (input, outer) => {
		const scope = life === undefined ? new CallScope(outer["~scope"]?.tried) : new CallScope();
		const fail = (thrown: unknown): never => {
			const error = translate(thrown);
			scope.settle({ ok: false, error: toServiceError(error) });
			throw error;
		};
		try {
			return next(input, inside(outer, scope, life)).then((output) => {
				if (streams) return observeStream(output, (outcome) => scope.settle(outcome), translate);
				scope.settle(succeeded);
				return output;
			}, fail);
		} catch (thrown) {
			const error = translate(thrown);
			scope.settle({ ok: false, error: toServiceError(error) });
			return Promise.reject(error);
		}
	};
}

const never = Context.background()["~cancellation"];

/** The context of a call: the caller's with a scope of its own, ended by the life too. */
function inside(outer: Context, scope: CallScope, life: Context | undefined): Context {
	const cancellation = outer["~cancellation"];
	if (life === undefined) return outer["~ofCall"](cancellation, scope);
	const ending = life["~cancellation"];
	if (cancellation === never) return outer["~ofCall"](ending, scope);
	const joined = new JoinedSource(cancellation, ending);
	return outer["~ofCall"](new Cancellation(joined, Number.POSITIVE_INFINITY, scope), scope);
}

/**
 * Marks an error that arose on the way to a callee as the callee's, so that a handler that lets it pass does
 * not tell its own caller of it. A copy: the error may be a context's, which others see too.
 */
function ofCallee(method: Method, error: unknown): unknown {
	if (!isServiceError(error) || error.domain !== undefined) return error;
	return serviceErrorFrom(error, { domain: method.service, notExecuted: error.notExecuted });
}

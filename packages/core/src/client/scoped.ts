import { CallScope, succeeded } from "../context/call-scope.ts";
import { Cancellation, deadlineExceeded, isPlainDeadline, never } from "../context/cancellation.ts";
import type { Context } from "../context/context.ts";
import { JoinedSource } from "../context/joined-source.ts";
import { givesStream, type Method } from "../contract/method.ts";
import type { Endpoint } from "../endpoint/endpoint.ts";
import { observeStream } from "../endpoint/observe-stream.ts";
import { kindOf } from "../errors/mistake.ts";
import { isServiceError, ServiceError, serviceErrorFrom, toServiceError } from "../errors/service-error.ts";
import type { Logger } from "../logger/logger.ts";

/** The address of an instance, by its id; undefined when it is not known. */
export type AddressOf = (instance: string) => string | undefined;

/**
 * Gives each call through an endpoint a scope of its own, which settles at the true end of the call.
 *
 * @param life ends every call when it ends. Default: only the caller's context ends a call.
 * @param addressOf finds the address of the instance that a failed call tried. Default: it is not known.
 * @param logger logs the errors of listeners of `onSettled`. Default: the console.
 */
export function scoped(
	next: Endpoint,
	method: Method,
	life?: Context,
	addressOf?: AddressOf,
	logger?: Logger,
): Endpoint {
	const streams = givesStream(method.kind);
	return (input, outer) => {
		const scope = life === undefined ? new CallScope(outer["~scope"]?.tried) : new CallScope();
		const fail = (thrown: unknown): never => {
			const error = ofCallee(thrown, { method, outer, scope, addressOf });
			scope.settle({ ok: false, error: toServiceError(error) }, logger);
			throw error;
		};
		try {
			return next(input, inside(outer, scope, life)).then((output) => {
				if (streams) {
					return observeStream(
						output,
						(outcome) => scope.settle(outcome, logger),
						(thrown) => ofCallee(thrown, { method, outer, scope, addressOf }),
					);
				}
				scope.settle(succeeded, logger);
				return output;
			}, fail);
		} catch (thrown) {
			return Promise.try(fail, thrown);
		}
	};
}

/** The context of a call: the caller's, with a scope of its own. The life ends it, too. */
function inside(outer: Context, scope: CallScope, life: Context | undefined): Context {
	const cancellation = outer["~cancellation"];
	if (life === undefined) return outer["~derive"](cancellation, scope);
	const ending = life["~cancellation"];
	if (cancellation === never) return outer["~derive"](ending, scope);
	const joined = new JoinedSource(cancellation, ending);
	return outer["~derive"](new Cancellation(joined, Number.POSITIVE_INFINITY, scope), scope);
}

/** A call that failed. */
interface FailedCall {
	readonly method: Method;
	/** The context that it was called with. */
	readonly outer: Context;
	readonly scope: CallScope;
	readonly addressOf: AddressOf | undefined;
}

/**
 * Notes on an error the call that it belongs to, and the instance of that call. An error that arose on the way there
 * becomes the callee's, so that a handler that lets it pass does not show it to its own caller. Such an error is
 * copied, because it may belong to a context that others see, too. The error of another call, which middleware let
 * pass, keeps its call.
 */
function ofCallee(error: unknown, { method, outer, scope, addressOf }: FailedCall): unknown {
	if (!isServiceError(error)) return error instanceof Error ? error : thrownNoError(method, error);
	const known = error.callee;
	if (known !== undefined && (known.method !== method.path || known.address !== undefined)) return error;
	const instance = scope.tried.at(-1);
	const address = instance === undefined ? undefined : addressOf?.(instance);
	const callee = { method: method.path, answered: known?.answered ?? false, instance, address };
	if (error.domain !== undefined) return Object.assign(error, { callee });
	const origin = { domain: method.service, notExecuted: error.notExecuted, callee };
	if (!isPlainDeadline(error)) return serviceErrorFrom(error, origin);
	const whose = outer.error === undefined ? "the timeout of its client" : "the deadline of its context";
	const timedOut = deadlineExceeded(`the call of ${method.path} ran out of time: ${whose} passed`);
	return Object.assign(timedOut, origin);
}

/** The error for a client middleware that threw something that is not an error. */
function thrownNoError({ path }: Method, thrown: unknown): ServiceError {
	const message = `middleware of the client threw ${kindOf(thrown)} instead of an error, in the call of ${path}`;
	return new ServiceError({ code: "internal", message, cause: thrown });
}

import { CallScope, succeeded } from "../context/call-scope.ts";
import { Cancellation, deadlineExceeded, isPlainDeadline, JoinedSource } from "../context/cancellation.ts";
import { Context } from "../context/context.ts";
import { givesStream, type Method } from "../contract/method.ts";
import type { Endpoint } from "../endpoint/endpoint.ts";
import { observeStream } from "../endpoint/observe-stream.ts";
import { kindOf } from "../errors/mistake.ts";
import { isServiceError, ServiceError, serviceErrorFrom, toServiceError } from "../errors/service-error.ts";
import type { Logger } from "../logger/logger.ts";

/** Where an instance is, by its id; undefined when that is not known. */
export type AddressOf = (instance: string) => string | undefined;

/**
 * Makes what passes through a call of its own to `onSettled`: it settles at the true end.
 *
 * @param life ends every call with it. Default: the caller's context alone does.
 * @param addressOf tells where the instance is that a failed call tried. Default: nobody knows.
 * @param logger told what listeners of `onSettled` throw. Default: the console.
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

/** A call that failed. */
interface FailedCall {
	readonly method: Method;
	/** The context that it was called with. */
	readonly outer: Context;
	readonly scope: CallScope;
	readonly addressOf: AddressOf | undefined;
}

/**
 * Notes on an error whose call it was and where that went. An error that arose on the way there becomes the
 * callee's, so that a handler that lets it pass does not tell its own caller of it. That one is copied, for it
 * may be a context's, which others see too. The error of another call, which middleware let pass, stays that
 * call's.
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

/** Middleware of the client threw what is no error, which no caller expects. */
function thrownNoError({ path }: Method, thrown: unknown): ServiceError {
	const message = `middleware of the client threw ${kindOf(thrown)} instead of an error, in the call of ${path}`;
	return new ServiceError({ code: "internal", message, cause: thrown });
}

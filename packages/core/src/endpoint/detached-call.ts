import { CallScope, succeeded } from "../context/call-scope.ts";
import type { Context } from "../context/context.ts";
import { ResponseMetadata } from "../context/response.ts";
import { toServiceError } from "../errors/service-error.ts";
import type { Endpoint } from "./endpoint.ts";

/**
 * Makes a unary call that its caller does not end. The call has the caller's values and metadata, but its own
 * deadline, end and response metadata. It ends with its deadline, whether or not the callee respects that.
 */
export function detachedCall(
	next: Endpoint,
	input: unknown,
	caller: Context,
	timeoutMs: number,
): Promise<unknown> {
	const scope = new CallScope();
	const detached = caller.withoutCancel();
	const own = detached["~with"]({ scope, response: new ResponseMetadata(), received: undefined });
	const ctx = own.withTimeout(timeoutMs);
	return whileLasts(Promise.try(next, input, ctx), ctx).then(
		(output) => {
			scope.settle(succeeded);
			return output;
		},
		(error) => {
			scope.settle({ ok: false, error: toServiceError(error) });
			throw error;
		},
	);
}

/** Waits for a promise no longer than the context lasts, and then rejects with the context's error. */
export function whileLasts<T>(promise: Promise<T>, ctx: Context): Promise<T> {
	return new Promise((resolve, reject) => {
		const unlisten = ctx["~cancellation"].listen(reject);
		promise.then(
			(value) => {
				unlisten();
				resolve(value);
			},
			(error) => {
				unlisten();
				reject(error);
			},
		);
	});
}

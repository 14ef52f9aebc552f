import { callIdName, withCallId } from "../context/call-id.ts";
import { type Cause, causeOf, effectName } from "../context/cause.ts";
import type { Context } from "../context/context.ts";
import { isDeclared } from "../contract/declared-error.ts";
import { type Method, takesStream } from "../contract/method.ts";
import { uuidv7 } from "../encoding/uuid.ts";
import type { Endpoint } from "../endpoint/endpoint.ts";
import { isServiceError } from "../errors/service-error.ts";

/**
 * Gives the calls of a method ids, so that their callee recognises a repeated one. The id of a call that follows from a
 * cause follows from it, too. It stands outside of all attempts, which share the id. A call that only reads needs none,
 * and one that has an id keeps it.
 *
 * @param always whether calls without a cause get a fresh id.
 */
export function identified(next: Endpoint, method: Method, always: boolean): Endpoint {
	if (method.effect === "read") return next;
	return (input, ctx) => {
		const cause = causeOf(ctx);
		if (cause === undefined && !always) return next(input, ctx);
		if (ctx.outgoing.has(callIdName)) return next(input, ctx);
		try {
			if (cause === undefined) return next(input, withCallId(ctx, uuidv7()));
			return operation(next, method, input, ctx, cause);
		} catch (error) {
			return Promise.reject(error);
		}
	};
}

/** Makes a call as an operation of a cause. A stream counts as soon as it is accepted. */
function operation(
	next: Endpoint,
	method: Method,
	input: unknown,
	ctx: Context,
	cause: Cause,
): Promise<unknown> {
	const message = takesStream(method.kind) ? undefined : input;
	const begun = cause.begin(method.path, message, ctx.get(effectName));
	return next(input, withCallId(ctx, begun.id, cause.correlationId)).catch((error: unknown) => {
		if (!isServiceError(error) || !isDeclared(method, error)) begun.failed();
		throw error;
	});
}

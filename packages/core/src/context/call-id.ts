import { Cause, causeOf, withCause } from "./cause.ts";
import type { Context } from "./context.ts";
import { callIdOfKey } from "./idempotency-key.ts";

/** The metadata that names a call, the same in every attempt at it. Strangers cannot send it through a gateway. */
export const callIdName = "allium-call-id";

/** The metadata that names the first cause of a call, where that is not the call itself. */
const correlationIdName = "allium-correlation-id";

/**
 * The context of a handler that may have effects: a call that arrived with an id, or with an `Idempotency-Key`, is the
 * cause of the handler's operations.
 *
 * @throws ServiceError `invalid_argument`, reason `invalid_idempotency_key`.
 */
export function withArrivedCause(ctx: Context, path: string): Context {
	const { metadata } = ctx;
	const id = metadata.get(callIdName);
	if (id !== undefined) return withCause(ctx, new Cause(id, metadata.get(correlationIdName)));
	const keyed = callIdOfKey(ctx, path);
	return keyed === undefined ? ctx : withCause(ctx, new Cause(keyed));
}

/** A context whose next call has an id. */
export function withCallId(ctx: Context, id: string, correlationId: string = id): Context {
	return ctx.withMetadata({
		[callIdName]: id,
		...(correlationId !== id && { [correlationIdName]: correlationId }),
	});
}

/** A context whose next call is the call that arrived, under the same id. It is for programs that pass calls on. */
export function withArrivedCallId(ctx: Context): Context {
	const cause = causeOf(ctx);
	return cause === undefined ? ctx : withCallId(ctx, cause.id, cause.correlationId);
}

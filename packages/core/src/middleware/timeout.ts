import type { Context } from "../context/context.ts";
import { type ContextKey, contextKey } from "../context/key.ts";
import { givesStream } from "../contract/method.ts";
import { trusted } from "../endpoint/checked-chain.ts";
import type { Endpoint, Middleware } from "../endpoint/endpoint.ts";
import { checkDuration } from "../time/duration.ts";

/**
 * Bounds the duration of a call. A caller's earlier deadline still holds. For an output stream it bounds only the
 * acceptance: the stream itself may go on.
 *
 * @param milliseconds Infinity for no bound. Default: 10 s.
 * @throws RangeError for NaN and for negative values.
 */
export function timeout(milliseconds = 10_000): Middleware {
	checkDuration("timeout()", milliseconds);
	return trusted((next, method) =>
		givesStream(method.kind)
			? acceptance(next, milliseconds)
			: (input, ctx) => next(input, ctx.withTimeout(milliseconds)),
	);
}

/** How long the acceptance of a stream may take: for middleware that opens the stream again. */
export const acceptanceMs: ContextKey<number> = contextKey("milliseconds for acceptance");

/** Bounds how long it takes until a stream is accepted. */
export function acceptance(next: Endpoint, milliseconds: number): Endpoint {
	return async (input: unknown, outer: Context) => {
		const { ctx, cancel } = outer.withValue(acceptanceMs, milliseconds).withCancel();
		const limit = outer.withTimeout(milliseconds)["~cancellation"];
		const unlisten = limit.listen(cancel);
		try {
			return await next(input, ctx);
		} finally {
			unlisten();
		}
	};
}

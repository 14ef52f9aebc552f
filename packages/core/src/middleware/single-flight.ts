import { callKey } from "../caching/call-key.ts";
import { detachedCall, whileLasts } from "../endpoint/detached-call.ts";
import type { Middleware } from "../endpoint/endpoint.ts";
import { checkDuration } from "../time/duration.ts";

/** Which calls {@link singleFlight} joins, and for how long. */
export interface SingleFlightOptions {
	/** The names of metadata that change the answer. `authorization` and `cookie` always do. */
	readonly vary?: readonly string[];
	/** How long a shared call may take, in milliseconds, regardless of its callers' deadlines. Default: 10 s. */
	readonly timeoutMs?: number;
}

/**
 * Joins equal calls of `read` methods that are made at the same time into one call, and gives all callers the same
 * answer or error. Calls are equal as in {@link cache}. A caller that gives up leaves the shared call running. All
 * callers get the same value: treat it as read-only. Streams and other methods pass through.
 *
 * After Go's `golang.org/x/sync/singleflight`.
 *
 * @throws RangeError when `timeoutMs` is NaN or negative.
 */
export function singleFlight(options: SingleFlightOptions = {}): Middleware {
	const { vary = [], timeoutMs = 10_000 } = options;
	checkDuration("timeoutMs of singleFlight()", timeoutMs);
	return (next, method) => {
		if (method.effect !== "read" || method.kind !== "unary") return next;
		const flights = new Map<string, Promise<unknown>>();
		return (input, ctx) => {
			const key = callKey(method, input, ctx, vary);
			if (key === undefined) return next(input, ctx);
			const scope = ctx["~scope"];
			// The handler runs in the shared call, so it runs for this call too.
			if (scope !== undefined) scope.reachedHandler = true;
			let flight = flights.get(key);
			if (flight === undefined) {
				flight = detachedCall(next, input, ctx, timeoutMs).finally(() => flights.delete(key));
				flights.set(key, flight);
			}
			return whileLasts(flight, ctx);
		};
	};
}

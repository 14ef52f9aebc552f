import { callKey } from "../caching/call-key.ts";
import { detachedCall, whileLasts } from "../endpoint/detached-call.ts";
import type { Middleware } from "../endpoint/endpoint.ts";
import { checkDuration } from "../time/duration.ts";

/** Which calls {@link singleFlight} makes one. */
export interface SingleFlightOptions {
	/** Metadata that changes the answer, by name, beside `authorization` and `cookie`, which always do. */
	readonly vary?: readonly string[];
	/** How long a shared call may take, in milliseconds, whoever waits for it. Default: 10 s. */
	readonly timeoutMs?: number;
}

/**
 * Makes equal calls of `read` methods that come at the same time one, and gives all the same answer, or error.
 * Calls are equal as in {@link cache}. A caller that gives up leaves the shared call running. The answer is
 * one value for all: treat it as read-only. Streams and other methods pass through.
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
			// The handler runs in the shared call, and so for this one.
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

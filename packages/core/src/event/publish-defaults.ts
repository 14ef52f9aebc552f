import { Context } from "../context/context.ts";
import { checkDuration } from "../time/duration.ts";
import type { PublishMiddleware } from "./publish.ts";
import { publishMetrics } from "./publish-metrics.ts";
import { publishRetry } from "./publish-retry.ts";
import { publishTracing } from "./publish-tracing.ts";

/** Options of {@link publishDefaults}. */
export interface PublishDefaultsOptions {
	/** How long a publication may take, in milliseconds; Infinity for no bound. Default: 10 s. */
	readonly timeoutMs?: number;
}

/**
 * The middleware of publishing that nobody configured: tracing, metrics, and a timeout of 10 s, within which a
 * publication is repeated while the broker is `unavailable`.
 *
 * @throws RangeError for a timeout that is no duration.
 */
export function publishDefaults({ timeoutMs = 10_000 }: PublishDefaultsOptions = {}): {
	readonly middleware: readonly PublishMiddleware[];
} {
	checkDuration("timeoutMs of publishDefaults()", timeoutMs);
	const timeout: PublishMiddleware =
		(next) =>
		(events, ctx = Context.background()) =>
			next(events, ctx.withTimeout(timeoutMs));
	return { middleware: [publishTracing(), publishMetrics(), timeout, publishRetry()] };
}

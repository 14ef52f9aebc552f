import type { Middleware } from "../endpoint/endpoint.ts";
import { handlerMetrics } from "./handler-metrics.ts";
import { handlerTracing } from "./handler-tracing.ts";

/** The middleware of the handlers of events that nobody configured: tracing and metrics. */
export function handlerDefaults(): { readonly middleware: readonly Middleware[] } {
	return { middleware: [handlerTracing(), handlerMetrics()] };
}

import type { Outcome } from "../context/call-scope.ts";
import type { Context } from "../context/context.ts";
import { onSettled } from "../context/on-settled.ts";
import type { Method } from "../contract/method.ts";
import type { Middleware } from "../endpoint/endpoint.ts";
import type { ServiceError } from "../errors/service-error.ts";
import { isTrouble } from "../errors/trouble.ts";
import { checkedLogger } from "../logger/checked-logger.ts";
import type { Logger, LogLevel } from "../logger/logger.ts";
import { activeSpan } from "./tracing.ts";

/** The level and the fields of the lines that {@link logging} writes. */
export interface LoggingOptions {
	/** The level of calls that end well. Default: `info`. */
	readonly level?: LogLevel;
	/** Further fields of a call's line. Inputs are logged only if this returns them. */
	readonly fields?: (ctx: Context, method: Method, input: unknown) => Readonly<Record<string, unknown>>;
}

/**
 * Writes one line for each call at its true end, streams included: method, code, duration in milliseconds, caller,
 * and the span where calls are traced. An error that is the caller's fault is a `warn`, a service in trouble an
 * `error`.
 *
 * After Go kit's logging middleware.
 */
export function logging(logger: Logger, options: LoggingOptions = {}): Middleware {
	const { level = "info", fields } = options;
	const checked = checkedLogger(logger);
	return (next, method) => (input, ctx) => {
		const startedAt = performance.now();
		const more = fields?.(ctx, method, input);
		onSettled(ctx, (outcome) => {
			const ms = Math.round((performance.now() - startedAt) * 1000) / 1000;
			const peer = ctx.peer?.address;
			const span = activeSpan(ctx)?.spanContext();
			checked.log(levelOf(outcome, level), "call", {
				method: method.path,
				code: outcome.ok ? "ok" : outcome.error.code,
				ms,
				...(peer !== undefined && { peer }),
				...(span !== undefined && { trace_id: span.traceId, span_id: span.spanId }),
				...(!outcome.ok && failure(outcome.error)),
				...more,
			});
		});
		return next(input, ctx);
	};
}

/** The error, and the target of the call that failed. */
function failure(error: ServiceError): Readonly<Record<string, unknown>> {
	const { instance, address } = error.callee ?? {};
	return { ...(instance !== undefined && { instance }), ...(address !== undefined && { address }), error };
}

function levelOf(outcome: Outcome, level: LogLevel): LogLevel {
	if (outcome.ok || outcome.error.code === "canceled") return level;
	return isTrouble(outcome.error) ? "error" : "warn";
}

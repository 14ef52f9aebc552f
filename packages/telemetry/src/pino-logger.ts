import type { Logger, LogLevel } from "@allium/core";
import { trace } from "@opentelemetry/api";

/** What is used of a logger of pino. */
export type PinoLike = Readonly<Record<LogLevel, (fields: object, message: string) => void>> & {
	isLevelEnabled(level: LogLevel): boolean;
};

/**
 * Writes what happens with pino. The field `error` becomes pino's `err`, so that its serializer shows type, message,
 * stack and causes. Lines that are written while a span is active name it, `trace_id` and `span_id`, as OpenTelemetry
 * does for logs.
 *
 * @example
 * const app = allium({ name: "shop", logger: pinoLogger(pino()) });
 */
export function pinoLogger(pino: PinoLike): Logger {
	return {
		log(level, message, fields = {}) {
			if (!pino.isLevelEnabled(level)) return;
			const { error, ...others } = fields;
			pino[level]({ ...activeTrace(), ...others, ...(error !== undefined && { err: error }) }, message);
		},
	};
}

function activeTrace(): { readonly trace_id: string; readonly span_id: string } | undefined {
	const span = trace.getActiveSpan()?.spanContext();
	return span && { trace_id: span.traceId, span_id: span.spanId };
}

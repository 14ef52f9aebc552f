import { type Logger, type LogLevel, printable } from "@allium/core";
import { trace } from "@opentelemetry/api";

/** The part of a pino logger that is used. */
export type PinoLike = Readonly<Record<LogLevel, (fields: object, message: string) => void>> & {
	isLevelEnabled(level: LogLevel): boolean;
};

/**
 * Writes log lines with pino. The field `error` becomes pino's `err`, so that its serializer shows type, message, stack
 * and causes. Lines that are written while a span is active carry its `trace_id` and `span_id`, as OpenTelemetry
 * defines for logs.
 *
 * @example
 * const app = allium({ name: "shop", logger: pinoLogger(pino()) });
 */
export function pinoLogger(pino: PinoLike): Logger {
	return {
		log(level, message, fields = {}) {
			if (!pino.isLevelEnabled(level)) return;
			const { error, ...others } = fields;
			const told = Object.entries(others).map(([name, value]) => [name, plain(value)]);
			const failure = error === undefined ? undefined : { err: error };
			pino[level]({ ...activeTrace(), ...Object.fromEntries(told), ...failure }, printable(message));
		},
	};
}

/** Makes text from outside safe for the programs that show the log. */
function plain(value: unknown): unknown {
	return typeof value === "string" ? printable(value) : value;
}

function activeTrace(): { readonly trace_id: string; readonly span_id: string } | undefined {
	const span = trace.getActiveSpan()?.spanContext();
	return span && { trace_id: span.traceId, span_id: span.spanId };
}

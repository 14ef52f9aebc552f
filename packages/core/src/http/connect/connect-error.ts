import type { Method } from "../../contract/method.ts";
import { type Code, isCode } from "../../errors/code.ts";
import { type ErrorDetail, errorDetails, readErrorDetails } from "../../errors/details.ts";
import type { ReadonlyMetadata } from "../../errors/readonly-metadata.ts";
import { type ServiceError, serviceErrorFrom } from "../../errors/service-error.ts";

/** An error in the form of the Connect protocol. */
export interface ConnectError {
	code: Code;
	message?: string;
	details?: ErrorDetail[];
}

/** The Connect form of an error for the caller of a service's method. */
export function toConnectError(error: ServiceError, service: string): ConnectError {
	const { code, message } = error;
	const details = errorDetails(error, service);
	return details.length === 0 ? { code, message } : { code, message, details };
}

/** The facts about an error other than its own content. */
export interface ConnectErrorContext {
	/** The method that was called. Its service is the error's domain, where the error names none. */
	readonly method: Pick<Method, "service" | "path">;
	/** The code to use where the error has no known one. */
	readonly code: Code;
	/** The message to use where the error has none. */
	readonly message: string;
	readonly metadata: ReadonlyMetadata;
	/** The value of the `Retry-After` header. The error's own value is more exact and takes precedence. */
	readonly retryAfterMs?: number | undefined;
}

/** Reads an error that came over the wire. Any value, even a malformed one, results in an error. */
export function readConnectError(json: unknown, context: ConnectErrorContext): ServiceError {
	const body = (typeof json === "object" && json !== null ? json : {}) as Record<string, unknown>;
	const { code, message, details } = body;
	const facts = readErrorDetails(details);
	return serviceErrorFrom(
		{
			code: isCode(code) ? code : context.code,
			message: typeof message === "string" && message !== "" ? message : context.message,
			reason: facts.reason,
			data: facts.data,
			details: facts.details,
			retryAfterMs: facts.retryAfterMs ?? context.retryAfterMs,
			...(context.metadata.size > 0 && { metadata: context.metadata }),
		},
		{
			domain: facts.domain ?? context.method.service,
			callee: { method: context.method.path, answered: true },
		},
	);
}

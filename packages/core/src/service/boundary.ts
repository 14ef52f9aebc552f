import type { Context } from "../context/context.ts";
import { givesStream, type Method } from "../contract/method.ts";
import type { Endpoint } from "../endpoint/endpoint.ts";
import { mapStream } from "../endpoint/map-stream.ts";
import { isServiceError, ServiceError, serviceErrorFrom } from "../errors/service-error.ts";
import type { Logger } from "../logger/logger.ts";
import type { HandlerReach } from "./handler-reach.ts";

/**
 * The outermost layer of a served method: whatever is thrown inside leaves as an error that is fit for the
 * caller. What was not declared is logged in full and leaves as `internal` without detail. What middleware
 * shed before the handler leaves as `notExecuted`: another instance may have room.
 */
export function boundary(next: Endpoint, method: Method, logger: Logger, reach: HandlerReach): Endpoint {
	const streams = givesStream(method.kind);
	return (input, ctx) => {
		const refuse = (error: unknown): never => {
			const shown = errorForCaller(method, error, ctx, logger);
			throw isShed(shown) && reach.neverRan(ctx) ? notExecuted(shown) : shown;
		};
		try {
			const reply = next(input, ctx);
			if (!streams) return reply.then(undefined, refuse);
			const breakOff = (error: unknown): never => {
				throw errorForCaller(method, error, ctx, logger);
			};
			return reply.then((output) => mapStream(output, undefined, breakOff), refuse);
		} catch (error) {
			return Promise.try(refuse, error);
		}
	};
}

/** Whether an error was made here, on purpose, for want of room. */
function isShed({ code, domain, notExecuted }: ServiceError): boolean {
	return code === "resource_exhausted" && domain === undefined && !notExecuted;
}

/** A copy: the error may be one that middleware throws again and again. */
function notExecuted(error: ServiceError): ServiceError {
	return serviceErrorFrom(error, { notExecuted: true });
}

/** What is known of the method that an error leaves. */
type Source = Pick<Method, "service" | "path" | "errors">;

/** What the caller of a method sees of an error that was thrown inside. */
export function errorForCaller(method: Source, error: unknown, ctx: Context, logger: Logger): ServiceError {
	if (isServiceError(error)) {
		if (isDeclared(method, error)) return isOwn(method, error) ? error : relayed(method, error);
		// Without a domain it was made here, and on purpose: by the handler, by middleware.
		if (error.domain === undefined && !error.notExecuted) return error;
		if (ctx.error !== undefined) return ctx.error;
		if (error.code === "unavailable") return unavailable(error);
	} else if (ctx.error !== undefined && isAbort(error)) {
		return ctx.error;
	}
	logger.log("error", "a handler threw what its method does not declare", { method: method.path, error });
	return new ServiceError({ code: "internal", message: "internal error", cause: error });
}

function isDeclared(method: Source, error: ServiceError): boolean {
	return error.reason !== undefined && method.errors[error.reason]?.code === error.code;
}

function isOwn(method: Source, error: ServiceError): boolean {
	return (error.domain === undefined || error.domain === method.service) && !error.notExecuted;
}

/**
 * A callee's error that the method declares too becomes its own. That the callee's handler did not run says
 * nothing of this one, and the callee's metadata was for us alone.
 */
function relayed(method: Source, error: ServiceError): ServiceError {
	const { code, reason, message, data, retryAfterMs } = error;
	const init = { code, reason, message, data, retryAfterMs, cause: error };
	return serviceErrorFrom(init, { domain: method.service });
}

/** A callee that is not there: the caller may try again, as often as the callee lets us. */
function unavailable(error: ServiceError): ServiceError {
	return new ServiceError({ code: "unavailable", retryAfterMs: error.retryAfterMs, cause: error });
}

/** What the platform throws when a signal aborts, such as `fetch` with `ctx.signal`. */
function isAbort(error: unknown): boolean {
	return error instanceof Error && error.name === "AbortError";
}

import type { Context } from "../context/context.ts";
import { isDeclared } from "../contract/declared-error.ts";
import { givesStream, type Method } from "../contract/method.ts";
import type { Endpoint } from "../endpoint/endpoint.ts";
import { mapStream } from "../endpoint/map-stream.ts";
import { InvalidOutput } from "../endpoint/validate.ts";
import { isBackendError } from "../errors/backend-error.ts";
import { isMistake } from "../errors/mistake.ts";
import { isServiceError, ServiceError, serviceErrorFrom } from "../errors/service-error.ts";
import type { EndpointTable } from "./endpoint-table.ts";
import type { HandlerReach } from "./handler-reach.ts";

/**
 * The outermost layer of a served method: it turns whatever is thrown inside into an error that is fit for the caller.
 * An error that was not declared is logged in full and becomes `internal` without detail. A call that middleware shed
 * before the handler fails as `notExecuted`, because another instance may have room.
 */
export function boundary(next: Endpoint, method: Method, server: Server, reach: HandlerReach): Endpoint {
	const streams = givesStream(method.kind);
	return (input, ctx) => {
		const refuse = (error: unknown): never => {
			const thrower = (): string => throwerOf(error, ctx, reach);
			const shown = errorForCaller(method, error, ctx, server, thrower);
			throw isShed(shown) && reach.neverRan(ctx) ? notExecuted(shown) : shown;
		};
		try {
			const reply = next(input, ctx);
			if (!streams) return reply.then(undefined, refuse);
			const breakOff = (error: unknown): never => {
				throw errorForCaller(method, error, ctx, server, () => "the stream of the handler");
			};
			return reply.then((output) => mapStream(output, undefined, breakOff), refuse);
		} catch (error) {
			return Promise.try(refuse, error);
		}
	};
}

/** Names, for the log, the layer of a method that threw an error. */
function throwerOf(error: unknown, ctx: Context, reach: HandlerReach): string {
	if (reach.neverRan(ctx)) return "middleware or a schema, before the handler ran,";
	const byHandler = reach.threw(error);
	if (byHandler === undefined) return "the handler, or middleware around it,";
	return byHandler ? "the handler" : "middleware, after the handler ran,";
}

/** Whether this process made the error on purpose, because it has no room. */
function isShed({ code, domain, notExecuted }: ServiceError): boolean {
	return code === "resource_exhausted" && domain === undefined && !notExecuted;
}

/** A copy, because middleware may throw the same error object many times. */
function notExecuted(error: ServiceError): ServiceError {
	return serviceErrorFrom(error, { notExecuted: true });
}

/** The server of a method: its logger gets what callers do not see. */
type Server = Pick<EndpointTable, "logger" | "tellsMistakes">;

/** The facts about the method that an error leaves. */
type Source = Pick<Method, "service" | "path" | "errors">;

/**
 * The error that the caller of a method sees for an error that was thrown inside. The details that the caller does not
 * see are logged: the part that failed, where and why.
 *
 * @param thrower the layer that threw it, for the log.
 */
export function errorForCaller(
	method: Source,
	error: unknown,
	ctx: Context,
	{ logger, tellsMistakes = false }: Server,
	thrower: () => string,
): ServiceError {
	if (isServiceError(error)) {
		if (isDeclared(method, error)) return isOwn(method, error) ? error : relayed(method, error);
		// Any other error without a domain was made here on purpose, by the handler or by middleware.
		const isForeign = error.domain !== undefined || error.notExecuted || isBackendError(error);
		if (!isForeign) return error;
		return ctx.error ?? errorOfCallee(method, error, logger);
	}
	if (ctx.error !== undefined && isAbort(error)) return ctx.error;
	if (isMistake(error)) {
		// The stack of some mistakes leads to the place of the mistake.
		const place = error.stack?.includes("\n") === true;
		logger.log("error", error.message, { method: method.path, ...(place && { error }) });
		return tellsMistakes ? told(error) : internal(error);
	}
	const message =
		error instanceof InvalidOutput
			? "the handler returned what the output of its method does not allow"
			: `${thrower()} threw what the method does not declare`;
	logger.log("error", message, { method: method.path, error });
	return tellsMistakes && error instanceof InvalidOutput ? told(error) : internal(error);
}

/** A mistake of the program, as its developers see it. */
function told(mistake: Error): ServiceError {
	return new ServiceError({ code: "internal", message: mistake.message, cause: mistake });
}

/** The error that the caller sees for an error of a callee, or of a backend, that the method does not declare. */
function errorOfCallee(method: Source, error: ServiceError, logger: EndpointTable["logger"]): ServiceError {
	const { code, callee, retryAfterMs, domain } = error;
	const isOurDeadline = code === "deadline_exceeded" && callee?.answered === false;
	const part = isBackendError(error) ? "a backend" : "a callee";
	const message = isOurDeadline
		? "a callee did not answer within the time that this service gave it"
		: code === "unavailable"
			? `${part} is unavailable`
			: `${part} failed, with an error that the method neither handles nor declares`;
	const isExpected = isOurDeadline || code === "unavailable";
	logger.log(isExpected ? "warn" : "error", message, {
		method: method.path,
		callee: callee?.method ?? domain,
		instance: callee?.instance,
		address: callee?.address,
		error,
	});
	// The caller may try again, at the pace that the callee allows us.
	if (code === "unavailable") return new ServiceError({ code, retryAfterMs, cause: error });
	return isOurDeadline ? new ServiceError({ code, cause: error }) : internal(error);
}

function internal(cause: unknown): ServiceError {
	return new ServiceError({ code: "internal", message: "internal error", cause });
}

function isOwn(method: Source, error: ServiceError): boolean {
	return (error.domain === undefined || error.domain === method.service) && !error.notExecuted;
}

/**
 * A callee's error that the method declares, too, becomes the method's own. Whether the callee's handler ran says
 * nothing about this handler, and the callee's metadata was for this process alone.
 */
function relayed(method: Source, error: ServiceError): ServiceError {
	const { code, reason, message, data, retryAfterMs } = error;
	const init = { code, reason, message, data, retryAfterMs, cause: error };
	return serviceErrorFrom(init, { domain: method.service });
}

/** Whether the platform threw it because a signal aborted, as `fetch` does with `ctx.signal`. */
function isAbort(error: unknown): boolean {
	return error instanceof Error && error.name === "AbortError";
}

import type { Context } from "../context/context.ts";
import { givesStream, type Method } from "../contract/method.ts";
import type { Endpoint } from "../endpoint/endpoint.ts";
import { mapStream } from "../endpoint/map-stream.ts";
import { InvalidOutput } from "../endpoint/validate.ts";
import { isMistake } from "../errors/mistake.ts";
import { isServiceError, ServiceError, serviceErrorFrom } from "../errors/service-error.ts";
import type { EndpointTable } from "./endpoint-table.ts";
import type { HandlerReach } from "./handler-reach.ts";

/**
 * The outermost layer of a served method: whatever is thrown inside leaves as an error that is fit for the
 * caller. What was not declared is logged in full and leaves as `internal` without detail. What middleware
 * shed before the handler leaves as `notExecuted`: another instance may have room.
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

/** Tells for the log which layer of a method threw an error. */
function throwerOf(error: unknown, ctx: Context, reach: HandlerReach): string {
	if (reach.neverRan(ctx)) return "middleware or a schema, before the handler ran,";
	const byHandler = reach.threw(error);
	if (byHandler === undefined) return "the handler, or middleware around it,";
	return byHandler ? "the handler" : "middleware, after the handler ran,";
}

/** Whether an error was made here, on purpose, for want of room. */
function isShed({ code, domain, notExecuted }: ServiceError): boolean {
	return code === "resource_exhausted" && domain === undefined && !notExecuted;
}

/** A copy: the error may be one that middleware throws again and again. */
function notExecuted(error: ServiceError): ServiceError {
	return serviceErrorFrom(error, { notExecuted: true });
}

/** Whose methods they are: where it is logged what their callers are not told. */
type Server = Pick<EndpointTable, "logger" | "tellsMistakes">;

/** What is known of the method that an error leaves. */
type Source = Pick<Method, "service" | "path" | "errors">;

/**
 * What the caller of a method sees of an error that was thrown inside. What the caller is not told is logged:
 * who failed, where and why.
 *
 * @param thrower who threw it, for the log.
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
		// Without a domain it was made here, and on purpose: by the handler, by middleware.
		if (error.domain === undefined && !error.notExecuted) return error;
		return ctx.error ?? errorOfCallee(method, error, logger);
	}
	if (ctx.error !== undefined && isAbort(error)) return ctx.error;
	if (isMistake(error)) {
		// The stack of some leads to where they were made.
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

/** A mistake of the program, to whoever works on it. */
function told(mistake: Error): ServiceError {
	return new ServiceError({ code: "internal", message: mistake.message, cause: mistake });
}

/** What the caller sees of a callee's error that the method does not declare. */
function errorOfCallee(method: Source, error: ServiceError, logger: EndpointTable["logger"]): ServiceError {
	const { code, callee, retryAfterMs, domain } = error;
	const isOurDeadline = code === "deadline_exceeded" && callee?.answered === false;
	const message = isOurDeadline
		? "a callee did not answer within the time that this service gave it"
		: code === "unavailable"
			? "a callee is unavailable"
			: "a callee failed, with an error that the method neither handles nor declares";
	const isExpected = isOurDeadline || code === "unavailable";
	logger.log(isExpected ? "warn" : "error", message, {
		method: method.path,
		callee: callee?.method ?? domain,
		instance: callee?.instance,
		address: callee?.address,
		error,
	});
	// The caller may try again, as often as the callee lets us.
	if (code === "unavailable") return new ServiceError({ code, retryAfterMs, cause: error });
	return isOurDeadline ? new ServiceError({ code, cause: error }) : internal(error);
}

function internal(cause: unknown): ServiceError {
	return new ServiceError({ code: "internal", message: "internal error", cause });
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

/** What the platform throws when a signal aborts, such as `fetch` with `ctx.signal`. */
function isAbort(error: unknown): boolean {
	return error instanceof Error && error.name === "AbortError";
}

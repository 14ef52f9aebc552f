import {
	type Context,
	type Endpoint,
	givesStream,
	isServiceError,
	type Logger,
	type Metadata,
	type Method,
	ResponseMetadata,
	ServiceError,
} from "@allium/core";
import { leave, mapStream, serviceErrorFrom, withArrivedCallId } from "@allium/core/transport";
import { isGatewaysOwn } from "../metadata/forwarding.ts";

/**
 * Makes an endpoint that passes calls on unchanged, and passes back outputs, headers, trailers and errors.
 *
 * @param call the whole call to the service: its retries, its timeout and the choice of an instance.
 */
export function passThrough(call: Endpoint, method: Method, logger: Logger): Endpoint {
	const streams = givesStream(method.kind);
	return (input, ctx) => {
		const received = new ResponseMetadata();
		const fail = (error: unknown): never => {
			throw relayed(error, method, ctx, logger);
		};
		return call(input, withArrivedCallId(ctx).withResponse(received)).then(
			(output) => {
				if (received.hasHeaders) copy(received.headers, ctx.response.headers);
				if (streams) return withTrailers(mapStream(output, undefined, fail), received, ctx);
				if (received.hasTrailers) copy(received.trailers, ctx.response.trailers);
				return output;
			},
			(error) => {
				if (received.hasHeaders) copy(received.headers, ctx.response.headers);
				return fail(error);
			},
		);
	};
}

/** Copies the trailers when a stream has ended. A stream that breaks brings its trailers as the error's metadata. */
function withTrailers(
	messages: AsyncIterable<unknown>,
	received: ResponseMetadata,
	ctx: Context,
): AsyncIterable<unknown> {
	return {
		[Symbol.asyncIterator]() {
			const iterator = messages[Symbol.asyncIterator]();
			return {
				async next() {
					const result = await iterator.next();
					if (result.done && received.hasTrailers) copy(received.trailers, ctx.response.trailers);
					return result;
				},
				return: () => leave(iterator),
			};
		},
	};
}

/** The error for the caller: that of the service. `notExecuted` is left out, as it is true of one hop alone. */
function relayed(error: unknown, method: Method, ctx: Context, logger: Logger): ServiceError {
	if (ctx.error !== undefined) return ctx.error;
	if (!isServiceError(error)) {
		logger.log("error", "a call failed in the gateway", { method: method.path, error });
		return new ServiceError({ code: "internal", message: "internal error", cause: error });
	}
	const { code, reason, message, data, details, metadata, retryAfterMs, domain } = error;
	// An error that the service did not send itself names addresses and folders, which strangers must not see.
	if (code === "unavailable" && error.callee?.answered !== true) {
		const { instance, address } = error.callee ?? {};
		logger.log("warn", "a service could not be reached", { method: method.path, instance, address, error });
		const isNone = reason === "no_instance" && error.cause === undefined;
		const told = `no instance of "${method.service}" ${isNone ? "is up" : "could be reached"}`;
		return serviceErrorFrom({ code, reason, message: told }, { domain });
	}
	return serviceErrorFrom({ code, reason, message, data, details, metadata, retryAfterMs }, { domain });
}

function copy(from: Metadata, to: Metadata): void {
	for (const [name, value] of from) if (!isGatewaysOwn(name)) to.append(name, value);
}

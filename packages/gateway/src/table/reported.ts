import { type Endpoint, isServiceError, type Logger, type Middleware, ServiceError } from "@allium/core";
import { checkedChain, isMistake, trusted } from "@allium/core/transport";

/** The log for errors that callers may not see. */
export interface ReportOptions {
	readonly logger: Logger;
	/** Whether callers see mistakes in the program, too. */
	readonly tellsMistakes: boolean;
}

/**
 * Joins the given middleware of a gateway into one. An error that callers may not see is logged, and leaves as
 * `internal`.
 */
export function reported(middleware: readonly Middleware[], options: ReportOptions): Middleware {
	const chained = checkedChain("the gateway's middleware", middleware);
	return trusted((next, method) => {
		const endpoint: Endpoint = chained(next, method);
		const fail = (error: unknown): never => {
			throw isServiceError(error) ? error : shown(error, method.path, options);
		};
		return (input, ctx) => endpoint(input, ctx).then(undefined, fail);
	});
}

function shown(error: unknown, method: string, { logger, tellsMistakes }: ReportOptions): ServiceError {
	const code = "internal";
	if (!isMistake(error)) {
		logger.log("error", "middleware of the gateway threw an error that is no ServiceError", {
			method,
			error,
		});
		return new ServiceError({ code, message: "internal error", cause: error });
	}
	logger.log("error", error.message, { method });
	return new ServiceError({ code, message: tellsMistakes ? error.message : "internal error", cause: error });
}

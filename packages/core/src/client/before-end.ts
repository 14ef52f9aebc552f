import type { Context } from "../context/context.ts";
import type { ServiceError } from "../errors/service-error.ts";

/**
 * Waits for a promise until the context ends.
 *
 * @param translate what to reject with, by the error of the context. Default: that error.
 */
export async function beforeEnd(
	promise: Promise<unknown>,
	ctx: Context,
	translate: (error: ServiceError) => ServiceError = (error) => error,
): Promise<void> {
	const ended = Promise.withResolvers<never>();
	const unlisten = ctx["~cancellation"].listen((error) => ended.reject(translate(error)));
	try {
		await Promise.race([promise, ended.promise]);
	} finally {
		unlisten();
	}
}

import { Context } from "../context/context.ts";
import { sleep } from "../context/sleep.ts";
import { isServiceError } from "../errors/service-error.ts";
import { Backoff } from "../time/backoff.ts";
import type { PublishMiddleware } from "./publish.ts";

const bounds = { firstMs: 50, longestMs: 1_000 };

/**
 * Publishes again while the broker is `unavailable`, after random delays of up to a second, until the context ends.
 * The events have the same ids each time, so that none is there twice.
 */
export function publishRetry(): PublishMiddleware {
	return (next) =>
		async (events, ctx = Context.background()) => {
			let backoff: Backoff | undefined;
			while (true) {
				try {
					return await next(events, ctx);
				} catch (error) {
					if (!isServiceError(error) || error.code !== "unavailable") throw error;
					backoff ??= new Backoff(bounds);
					const delayMs = Math.max(backoff.next(), error.retryAfterMs ?? 0);
					if (ctx.error !== undefined || delayMs >= ctx.remaining()) throw error;
					await sleep(delayMs, ctx);
				}
			}
		};
}

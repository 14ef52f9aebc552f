import { Context } from "../context/context.ts";
import { sleep } from "../context/sleep.ts";
import { isServiceError, type ServiceError } from "../errors/service-error.ts";
import { Backoff } from "../time/backoff.ts";
import type { PublishMiddleware } from "./publish.ts";

const bounds = { firstMs: 50, longestMs: 1_000 };

/**
 * Publishes again while the broker is `unavailable`, after random delays of up to a second, until the context ends.
 * The events have the same ids each time, so that none is there twice. An attempt that the deadline ends fails as the
 * one before it did.
 */
export function publishRetry(): PublishMiddleware {
	return (next) =>
		async (events, ctx = Context.background()) => {
			let backoff: Backoff | undefined;
			let reason: ServiceError | undefined;
			while (true) {
				try {
					return await next(events, ctx);
				} catch (error) {
					if (!isServiceError(error)) throw error;
					// That the time is over says less than why it was needed.
					if (error.code === "deadline_exceeded" && reason !== undefined) throw reason;
					if (error.code !== "unavailable") throw error;
					reason = error;
					backoff ??= new Backoff(bounds);
					const delayMs = Math.max(backoff.next(), error.retryAfterMs ?? 0);
					if (ctx.error !== undefined || delayMs >= ctx.remaining()) throw error;
					await sleep(delayMs, ctx);
				}
			}
		};
}

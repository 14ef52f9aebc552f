import type { Context } from "../context/context.ts";
import { sleep } from "../context/sleep.ts";
import { ServiceError, toServiceError } from "../errors/service-error.ts";
import type { Logger } from "../logger/logger.ts";
import type { Registry, RegistryEvent, RegistryFilter } from "../registry/registry.ts";
import { Backoff } from "../time/backoff.ts";

/** The bounds of the delay before a registry that failed is asked again, in milliseconds. */
const bounds = { firstMs: 100, longestMs: 5_000 };

/** Receives the events of a registry about its instances. */
export interface RegistryFollower {
	/** The registry lists these instances now. */
	apply(event: RegistryEvent): void;
	/** The registry does not answer. */
	unknownBecause(error: ServiceError): void;
}

/**
 * Passes the events of a registry on to a follower, until the context ends. If the registry fails, the follower hears
 * only of the failure, and the registry is tried again with backoff and full jitter.
 */
export async function followRegistry(
	registry: Registry,
	filter: RegistryFilter,
	follower: RegistryFollower,
	logger: Logger,
	ctx: Context,
): Promise<void> {
	const backoff = new Backoff(bounds);
	while (ctx.error === undefined) {
		try {
			for await (const event of registry.watch(filter, ctx)) {
				if (backoff.failures > 0) logger.log("info", "the registry answers again", { ...filter });
				backoff.reset();
				follower.apply(event);
			}
			if (ctx.error === undefined) {
				throw new ServiceError({ code: "unavailable", message: "the registry was closed" });
			}
		} catch (error) {
			if (ctx.error !== undefined) return;
			follower.unknownBecause(toServiceError(error));
			if (backoff.failures === 0) {
				logger.log("warn", "the registry does not answer; going on with what is known", { ...filter, error });
			}
		}
		// The end of the context wakes the loop, which then sees it, too.
		await sleep(backoff.next(), ctx).catch(() => {});
	}
}

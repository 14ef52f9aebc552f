import type { Context } from "../context/context.ts";
import { sleep } from "../context/sleep.ts";
import { ServiceError, toServiceError } from "../errors/service-error.ts";
import type { Logger } from "../logger/logger.ts";
import type { Registry, RegistryFilter } from "../registry/registry.ts";
import type { Target } from "./target.ts";

/** The bounds of the delay before a registry that failed is asked again, in milliseconds. */
const firstBackoffMs = 100;
const longestBackoffMs = 5_000;

/**
 * Keeps a target up to date from a registry until the context ends. While the registry fails, the target keeps
 * what it knows; the registry is asked again with backoff and full jitter.
 */
export async function follow(
	registry: Registry,
	filter: RegistryFilter,
	target: Target,
	logger: Logger,
	ctx: Context,
): Promise<void> {
	let failures = 0;
	while (ctx.error === undefined) {
		try {
			for await (const event of registry.watch(filter, ctx)) {
				if (failures > 0) logger.log("info", "the registry answers again", { ...filter });
				failures = 0;
				target.apply(event);
			}
			if (ctx.error === undefined) {
				throw new ServiceError({ code: "unavailable", message: "the registry was closed" });
			}
		} catch (error) {
			if (ctx.error !== undefined) return;
			target.unknownBecause(toServiceError(error));
			if (failures++ === 0) {
				logger.log("warn", "the registry does not answer; going on with what is known", { ...filter, error });
			}
		}
		const bound = Math.min(longestBackoffMs, firstBackoffMs * 2 ** (failures - 1));
		// Woken by the end of the context, the loop sees it too.
		await sleep(Math.random() * bound, ctx).catch(() => {});
	}
}

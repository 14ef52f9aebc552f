import { longestDelayMs } from "@allium/core/transport";

/** Node waits a second longer than it is told before it ends an idle connection. */
const longestMs = longestDelayMs - 1_000;

/**
 * A duration as Node takes it where it keeps the time itself: whole milliseconds, 0 for no limit. It takes none above
 * some 24.8 days, which stand for all that are longer.
 */
export function platformTimeout(milliseconds: number): number {
	if (milliseconds === Number.POSITIVE_INFINITY) return 0;
	return Math.min(longestMs, Math.max(1, Math.ceil(milliseconds)));
}

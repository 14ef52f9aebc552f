import { longestDelayMs } from "@allium/core/transport";

/** Node waits a second longer than its setting before it ends an idle connection. */
const longestMs = longestDelayMs - 1_000;

/**
 * A duration for the timeouts that Node keeps itself: whole milliseconds, 0 for no limit. Node takes none above some
 * 24.8 days, so a longer one becomes that.
 */
export function platformTimeout(milliseconds: number): number {
	if (milliseconds === Number.POSITIVE_INFINITY) return 0;
	return Math.min(longestMs, Math.max(1, Math.ceil(milliseconds)));
}

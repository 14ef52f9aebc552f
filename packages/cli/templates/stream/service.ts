import type { Service } from "allium";
import type { NewService } from "./contract.ts";

/** The business logic: plain functions, no transport in sight. */
export const service: Service<typeof NewService> = {
	async *countdown({ from, everyMs }, ctx) {
		for (let left = from; left >= 0; left--) {
			yield { left };
			if (left > 0) await pause(everyMs, ctx.signal);
			// The caller broke out of its loop, went away, or set a deadline that has passed.
			if (ctx.signal.aborted) return;
		}
	},
};

/** Waits, at most until the call is over. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
	return new Promise((resolve) => {
		const timer = setTimeout(end, milliseconds);
		signal.addEventListener("abort", end);
		function end(): void {
			clearTimeout(timer);
			signal.removeEventListener("abort", end);
			resolve();
		}
	});
}

import { Context } from "@allium/core";
import { type LoadOptions, loadPlan } from "./load-options.ts";
import type { LoadReport } from "./load-report.ts";
import { LoadRun } from "./load-run.ts";

/**
 * Makes calls under load, and measures how the callee bears it.
 *
 * With a `rate`, calls start on schedule, regardless of earlier ones, and each latency counts from when the call was
 * *due*. If a service stands still for a second, that second shows in the latency of every call that was due meanwhile.
 * A loop that waits for answers would have made one slow call in that time and omitted the others; Gil Tene calls that
 * coordinated omission.
 *
 * Timers are not exact enough for the last 3 ms before a call, so the event loop keeps turning during them: above about
 * 300 calls a second, that keeps one core busy.
 *
 * @param ctx When it ends, the load ends with it, and the report covers what was measured until then.
 * @returns Resolves when every call has ended; a call that ignores the end of its context is given up one second
 * later. Calls that fail do not make it reject.
 * @throws RangeError for invalid options.
 *
 * @example
 * const { latency, failed } = await load({
 * 	call: (number, ctx) => add.sum({ a: number, b: 1 }, ctx),
 * 	rate: 1_000,
 * 	durationMs: 10_000,
 * });
 * expect(latency.percentile(99)).toBeLessThan(50);
 */
export async function load(options: LoadOptions, ctx: Context = Context.background()): Promise<LoadReport> {
	return new LoadRun(loadPlan(options), options.call, options.onProgress, ctx).report;
}

import { Context } from "@allium/core";
import { type LoadOptions, loadPlan } from "./load-options.ts";
import type { LoadReport } from "./load-report.ts";
import { LoadRun } from "./load-run.ts";

/**
 * Makes load, and measures how it is borne.
 *
 * With a `rate` the calls are started on schedule, whatever becomes of those before, and each latency counts
 * from when the call was *due*: a service that stands still for a second shows that second in the latency of all
 * calls that were due meanwhile. A loop that waits for answers would have made one slow call in that time and left
 * the others out, which Gil Tene calls coordinated omission.
 *
 * While the next call is less than about 3 ms off, the event loop is kept turning, as timers are not that exact:
 * from some 300 calls a second on this keeps one core busy.
 *
 * @param ctx When it ends, so does the load: the report is of what there is.
 * @returns Resolves when every call has ended; those that ignore their context's end are given up one second
 * after it. It never rejects for calls that fail.
 * @throws RangeError for options that cannot be.
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

import type { Context } from "@allium/core";
import type { ArrivalPattern } from "./arrivals.ts";
import type { LoadWindow } from "./load-report.ts";

/**
 * Makes one call. A stream is read to its end.
 *
 * @param number Counts the calls from 0.
 * @param ctx Ends when the call's time is up, and when the load ends: pass it on.
 */
export type LoadCall = (number: number, ctx: Context) => PromiseLike<unknown> | AsyncIterable<unknown>;

/** The load: which calls to make, how many, and for how long. */
export interface LoadOptions {
	readonly call: LoadCall;
	/**
	 * Calls a second, started on schedule regardless of earlier ones: an open loop. Without it, `concurrency` callers
	 * each call again when they have their answer: a closed loop, which waits when the service does.
	 */
	readonly rate?: number | undefined;
	/** The distribution of an open loop's calls. Default: even. */
	readonly arrivals?: ArrivalPattern | undefined;
	/** The most calls in flight. Default: 1,000 in an open loop, 16 in a closed one. */
	readonly concurrency?: number | undefined;
	/** How long to start calls after the warm-up, in milliseconds. */
	readonly durationMs: number;
	/** How long to make uncounted calls first, in milliseconds. Default: 0. */
	readonly warmupMs?: number | undefined;
	/**
	 * How long a call may take, in milliseconds from when it was due. That includes the wait for a place in flight and,
	 * for a stream, the time to its last message. Default: 10 s.
	 */
	readonly timeoutMs?: number | undefined;
	/**
	 * In a closed loop, the interval in milliseconds at which one caller would call if it never had to wait. For each
	 * answer that takes longer, the calls that it kept from being made are added, as HdrHistogram does. Default:
	 * nothing is added.
	 */
	readonly expectedIntervalMs?: number | undefined;
	/** Called once a second with the figures of that second, during the warm-up as well. */
	readonly onProgress?: ((window: LoadWindow) => void) | undefined;
}

/** The options with their defaults filled in. */
export interface LoadPlan {
	readonly rate: number | undefined;
	readonly pattern: ArrivalPattern;
	readonly concurrency: number;
	readonly durationMs: number;
	readonly warmupMs: number;
	readonly timeoutMs: number;
	readonly expectedIntervalMs: number | undefined;
}

/**
 * Checks the options and fills in the defaults.
 *
 * @throws RangeError for a number out of range.
 */
export function loadPlan(options: LoadOptions): LoadPlan {
	const {
		rate,
		arrivals = "even",
		durationMs,
		warmupMs = 0,
		timeoutMs = 10_000,
		expectedIntervalMs,
	} = options;
	const { concurrency = rate === undefined ? 16 : 1_000 } = options;
	if (rate !== undefined) above0("rate", rate);
	above0("durationMs", durationMs);
	above0("timeoutMs", timeoutMs);
	if (!(warmupMs >= 0 && warmupMs < Number.POSITIVE_INFINITY)) {
		throw new RangeError(`warmupMs must be 0 or more, and is ${warmupMs}`);
	}
	if (!Number.isInteger(concurrency) || concurrency < 1) {
		throw new RangeError(`concurrency must be a whole number above 0, and is ${concurrency}`);
	}
	if (expectedIntervalMs !== undefined) {
		above0("expectedIntervalMs", expectedIntervalMs);
		if (rate !== undefined) {
			throw new RangeError("expectedIntervalMs is for a closed loop; with a rate nothing needs a correction");
		}
	}
	return { rate, pattern: arrivals, concurrency, durationMs, warmupMs, timeoutMs, expectedIntervalMs };
}

function above0(name: string, value: number): void {
	if (!(value > 0 && value < Number.POSITIVE_INFINITY)) {
		throw new RangeError(`${name} must be above 0, and is ${value}`);
	}
}

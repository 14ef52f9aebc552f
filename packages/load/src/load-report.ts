import type { Code } from "@allium/core";
import type { ArrivalPattern } from "./arrivals.ts";
import type { Histogram } from "./histogram.ts";

/** A kind of failure, and how often it happened. */
export interface LoadFailure {
	readonly code: Code;
	readonly reason: string | undefined;
	/** The message of the first failure. */
	readonly message: string;
	readonly count: number;
}

/** About one second of the load: the calls that ended in it. */
export interface LoadWindow {
	/** Whether the second lies in the warm-up, where nothing counts. */
	readonly isWarmup: boolean;
	/** When the second ended, in milliseconds since the end of the warm-up. Negative during the warm-up. */
	readonly endMs: number;
	/** The length of the second, in milliseconds. */
	readonly lengthMs: number;
	readonly succeeded: number;
	readonly failed: number;
	/** Latencies in milliseconds. NaN when no call was answered. */
	readonly p50: number;
	readonly p99: number;
	readonly max: number;
	/** Calls in flight at the end of the second. */
	readonly inFlight: number;
	/** How long the next call has been waiting for a place in flight, in milliseconds. */
	readonly behindMs: number;
}

/** The result of a load. `JSON.stringify` turns it into plain data. */
export interface LoadReport {
	readonly loop: "open" | "closed";
	/** Calls a second that were due; undefined in a closed loop. */
	readonly rate: number | undefined;
	readonly arrivals: ArrivalPattern | undefined;
	readonly concurrency: number;
	readonly expectedIntervalMs: number | undefined;
	/** From the end of the warm-up until no more calls were due, or the last one ended, in milliseconds. */
	readonly measuredMs: number;
	/** How many calls ended. */
	readonly calls: number;
	readonly succeeded: number;
	readonly failed: number;
	/** Calls that had not ended when the load was interrupted, or that ignored the end of their context. */
	readonly unfinished: number;
	/** Successful calls a second. */
	readonly succeededPerSecond: number;
	/** Messages of streams; undefined when no call was a stream. */
	readonly messages: number | undefined;
	/**
	 * In milliseconds: from when the call was due (in a closed loop: started) to its answer, or to the first message
	 * of a stream. Calls whose time ran out count with the time they had; other failures do not count here.
	 */
	readonly latency: Histogram;
	/** The failures by code and reason, the most frequent first. */
	readonly failures: readonly LoadFailure[];
	/** The seconds after the warm-up, in order. */
	readonly timeline: readonly LoadWindow[];
	/**
	 * In milliseconds: how much later than due a call started although there was a place for it. The machine that
	 * makes the load causes that delay. Empty in a closed loop.
	 */
	readonly startedLate: Histogram;
	/**
	 * How long the event loop was kept turning with nothing to do, in milliseconds, the warm-up included. Node's
	 * `eventLoopUtilization` counts that as busy; the rest of it tells whether this process was the limit.
	 */
	readonly idleTurnsMs: number;
	/**
	 * Whether calls were started so late that it shows in the latencies: half a millisecond and a tenth of the
	 * latency or more, at the median or at p99.
	 */
	readonly isGeneratorLate: boolean;
	/** Whether the context ended before the load did. */
	readonly isInterrupted: boolean;
}

/** @see LoadReport.isGeneratorLate */
export function isGeneratorLate(latency: Histogram, startedLate: Histogram): boolean {
	return [50, 99].some((percent) => {
		const late = startedLate.percentile(percent);
		return late >= 0.5 && late >= latency.percentile(percent) / 10;
	});
}

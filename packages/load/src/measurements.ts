import { isServiceError, type ServiceError, toServiceError } from "@allium/core";
import { Histogram } from "./histogram.ts";
import type { LoadFailure, LoadWindow } from "./load-report.ts";

/** How many kinds of failures are counted separately. All others are counted together. */
const mostKinds = 100;

/** How a call ended. */
export interface CallEnd {
	/** Undefined when the call succeeded. */
	readonly error: unknown;
	/** The latency in milliseconds, up to the answer or the first message. */
	readonly latencyMs: number;
	/** How many messages the stream delivered. */
	readonly messages: number;
}

/** Counts the calls that have ended: all that count, and those of the current second. */
export class Measurements {
	readonly latency: Histogram = new Histogram();
	readonly startedLate: Histogram = new Histogram();
	readonly timeline: LoadWindow[] = [];
	succeeded = 0;
	failed = 0;
	messages = 0;
	readonly #expectedIntervalMs: number | undefined;
	readonly #failures = new Map<string, { -readonly [K in keyof LoadFailure]: LoadFailure[K] }>();
	readonly #windowLatency = new Histogram();
	#windowFrom: number;
	#windowFailed = 0;
	#windowSucceeded = 0;

	constructor(expectedIntervalMs: number | undefined, now: number) {
		this.#expectedIntervalMs = expectedIntervalMs;
		this.#windowFrom = now;
	}

	/** The failures by code and reason, the most frequent first. */
	get failures(): LoadFailure[] {
		return [...this.#failures.values()].sort((one, other) => other.count - one.count);
	}

	/** Records a call that has ended. A call that does not count appears in the current second only. */
	add({ error, latencyMs, messages }: CallEnd, counts: boolean): void {
		const failure = error === undefined ? undefined : toServiceError(error);
		const isTimed = failure === undefined || failure.code === "deadline_exceeded";
		if (failure === undefined) this.#windowSucceeded++;
		else this.#windowFailed++;
		if (isTimed) this.#windowLatency.record(latencyMs);
		if (!counts) return;
		this.messages += messages;
		if (failure === undefined) this.succeeded++;
		else {
			this.failed++;
			this.#countFailure(failure);
		}
		if (isTimed) this.#record(latencyMs);
	}

	/** Ends the current second and starts the next. */
	nextWindow(
		now: number,
		state: Pick<LoadWindow, "isWarmup" | "endMs" | "inFlight" | "behindMs">,
	): LoadWindow {
		const latency = this.#windowLatency;
		const window = {
			...state,
			lengthMs: now - this.#windowFrom,
			succeeded: this.#windowSucceeded,
			failed: this.#windowFailed,
			p50: latency.percentile(50),
			p99: latency.percentile(99),
			max: latency.max,
		};
		latency.reset();
		this.#windowFrom = now;
		this.#windowFailed = 0;
		this.#windowSucceeded = 0;
		return window;
	}

	#record(latencyMs: number): void {
		if (this.#expectedIntervalMs === undefined) this.latency.record(latencyMs);
		else this.latency.recordCorrected(latencyMs, this.#expectedIntervalMs);
	}

	#countFailure(failure: ServiceError): void {
		const { code, reason } = failure;
		const isNew = !this.#failures.has(`${code} ${reason}`);
		const isTooMany = isNew && this.#failures.size >= mostKinds;
		const key = isTooMany ? "others" : `${code} ${reason}`;
		const known = this.#failures.get(key);
		if (known !== undefined) known.count++;
		else if (isTooMany) {
			this.#failures.set(key, { code: "unknown", reason: "others", message: "other failures", count: 1 });
		} else this.#failures.set(key, { code, reason, message: messageOf(failure), count: 1 });
	}
}

/** The message of the first failure of a kind: that of the cause if the cause is no `ServiceError`. */
function messageOf({ message, cause }: ServiceError): string {
	return cause instanceof Error && !isServiceError(cause) ? cause.message : message;
}

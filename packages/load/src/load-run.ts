import { type Context, ServiceError } from "@allium/core";
import { after, type Timer } from "@allium/core/transport";
import { type Arrivals, arrivals } from "./arrivals.ts";
import type { LoadCall, LoadPlan } from "./load-options.ts";
import { isGeneratorLate, type LoadReport, type LoadWindow } from "./load-report.ts";
import { type CallEnd, Measurements } from "./measurements.ts";
import { Wait } from "./wait.ts";

/** How many calls to start before other work gets its turn. */
const longestBurst = 64;

/** The length of a window of the timeline, in milliseconds. */
const windowMs = 1_000;

/** How long the run waits for calls that ignore the end of their context, in milliseconds. */
const patienceMs = 1_000;

/** One load, from its start to its report. It owns all its timers and calls. */
export class LoadRun {
	readonly report: Promise<LoadReport>;
	readonly #plan: LoadPlan;
	readonly #call: LoadCall;
	readonly #onProgress: ((window: LoadWindow) => void) | undefined;
	readonly #ctx: Context;
	readonly #cancel: () => void;
	readonly #resolve: (report: LoadReport) => void;
	readonly #measurements: Measurements;
	/** Undefined in a closed loop, where a call is due as soon as there is room for it. */
	readonly #arrivals: Arrivals | undefined;
	readonly #startAt: number;
	readonly #measureAt: number;
	readonly #endAt: number;
	readonly #wait: Wait;
	#windows: ReturnType<typeof setInterval>;
	#warmup: Timer | undefined;
	/** When the next call is due, in an open loop. */
	#dueAt = 0;
	#started = 0;
	#startedMeasured = 0;
	#inFlight = 0;
	#burst = 0;
	/** Whether the next call is due and waits for room. */
	#isFull = false;
	/** When room became free for the last call that waited for it. */
	#freeAt = 0;
	#lastEndAt = 0;
	#hasStreams = false;
	#isOver = false;

	constructor(
		plan: LoadPlan,
		call: LoadCall,
		onProgress: ((window: LoadWindow) => void) | undefined,
		outer: Context,
	) {
		const { promise, resolve } = Promise.withResolvers<LoadReport>();
		this.report = promise;
		this.#resolve = resolve;
		this.#plan = plan;
		this.#call = call;
		this.#onProgress = onProgress;
		const { ctx, cancel } = outer.withCancel();
		this.#ctx = ctx;
		this.#cancel = cancel;
		this.#startAt = performance.now();
		this.#measureAt = this.#startAt + plan.warmupMs;
		this.#endAt = this.#measureAt + plan.durationMs;
		this.#measurements = new Measurements(plan.expectedIntervalMs, this.#startAt);
		this.#arrivals = plan.rate === undefined ? undefined : arrivals(plan.rate, plan.pattern);
		this.#wait = new Wait(() => {
			this.#burst = 0;
			this.#startDue();
		});
		this.#windows = setInterval(this.#endWindow, windowMs);
		if (plan.warmupMs > 0) this.#warmup = after(plan.warmupMs, this.#endWarmup);
		ctx.signal.addEventListener("abort", () => this.#finish());
		if (ctx.error !== undefined) this.#finish();
		this.#advance();
		this.#startDue();
	}

	/** Starts the calls that are due while there is room, and schedules the next start. */
	#startDue(): void {
		while (!this.#isOver) {
			const now = performance.now();
			const due = this.#arrivals === undefined ? now : this.#dueAt;
			if (!this.#mayStart(due, now)) return;
			this.#burst++;
			if (this.#arrivals !== undefined && due >= this.#measureAt) {
				this.#measurements.startedLate.record(now - Math.max(due, this.#freeAt));
			}
			this.#start(due);
			this.#advance();
		}
	}

	/** Returns whether the next call may start now; otherwise schedules a later start. */
	#mayStart(due: number, now: number): boolean {
		if (due >= this.#endAt) this.#finishWhenDone();
		else if (due > now) this.#wait.until(due);
		else if (this.#inFlight >= this.#plan.concurrency) this.#isFull = true;
		else if (this.#burst >= longestBurst) this.#wait.turn();
		else return true;
		return false;
	}

	#start(due: number): void {
		const number = this.#started++;
		this.#inFlight++;
		if (due >= this.#measureAt) this.#startedMeasured++;
		const ctx = this.#ctx.withDeadline(due + this.#plan.timeoutMs);
		try {
			const output = this.#call(number, ctx);
			if (Symbol.asyncIterator in output) void this.#read(output, due);
			else
				output.then(
					() => this.#end(due, undefined),
					(error) => this.#end(due, failure(error)),
				);
		} catch (error) {
			queueMicrotask(() => this.#end(due, failure(error)));
		}
	}

	/** Reads a stream to its end. */
	async #read(messages: AsyncIterable<unknown>, due: number): Promise<void> {
		this.#hasStreams = true;
		let count = 0;
		let firstAt: number | undefined;
		try {
			for await (const _ of messages) {
				count++;
				firstAt ??= performance.now();
			}
			this.#end(due, undefined, count, firstAt);
		} catch (error) {
			this.#end(due, failure(error), count, firstAt);
		}
	}

	/** Called when a call has ended. The next call takes its room. */
	#end(due: number, error: unknown, messages = 0, at: number = performance.now()): void {
		if (this.#isOver) return;
		this.#inFlight--;
		this.#count(due, { error, messages, latencyMs: at - due });
		if (this.#isFull) {
			this.#isFull = false;
			this.#freeAt = performance.now();
			this.#expire(this.#freeAt);
			this.#startDue();
		} else this.#finishWhenDone();
	}

	#count(due: number, end: CallEnd): void {
		const now = performance.now();
		const counts = due >= this.#measureAt;
		if (counts) this.#lastEndAt = now;
		// A warm-up call that ends after the warm-up belongs to none of the seconds.
		if (counts || now < this.#measureAt) this.#measurements.add(end, counts);
	}

	/** Counts as failed the calls whose time ran out while they waited for room. */
	#expire(now: number): void {
		if (this.#arrivals === undefined) return;
		const { timeoutMs } = this.#plan;
		while (this.#dueAt < this.#endAt && this.#dueAt + timeoutMs <= now) {
			if (this.#dueAt >= this.#measureAt) this.#startedMeasured++;
			this.#count(this.#dueAt, { error: noPlace(this.#plan.concurrency), latencyMs: timeoutMs, messages: 0 });
			this.#advance();
		}
	}

	#advance(): void {
		if (this.#arrivals !== undefined) this.#dueAt = this.#startAt + this.#arrivals();
	}

	/** Starts to count, and starts a new second. */
	readonly #endWarmup = (): void => {
		this.#warmup = undefined;
		this.#nextWindow(performance.now());
		clearInterval(this.#windows);
		this.#windows = setInterval(this.#endWindow, windowMs);
	};

	readonly #endWindow = (): void => {
		const now = performance.now();
		const window = this.#nextWindow(now);
		if (!window.isWarmup) this.#measurements.timeline.push(window);
		this.#onProgress?.(window);
		if (this.#isFull) this.#expire(now);
		if (now >= this.#endAt + this.#plan.timeoutMs + patienceMs) this.#finish();
	};

	#nextWindow(now: number): LoadWindow {
		const isWarmup = this.#warmup !== undefined;
		const behindMs = this.#isFull && this.#arrivals !== undefined ? Math.max(0, now - this.#dueAt) : 0;
		const endMs = now - this.#measureAt;
		return this.#measurements.nextWindow(now, { isWarmup, endMs, inFlight: this.#inFlight, behindMs });
	}

	#finishWhenDone(): void {
		const isDone =
			this.#arrivals === undefined ? performance.now() >= this.#endAt : this.#dueAt >= this.#endAt;
		if (isDone && this.#inFlight === 0) this.#finish();
	}

	#finish(): void {
		if (this.#isOver) return;
		this.#isOver = true;
		const isInterrupted = this.#ctx.error !== undefined;
		this.#wait.stop();
		clearInterval(this.#windows);
		this.#warmup?.stop();
		this.#resolve(this.#makeReport(isInterrupted));
		this.#cancel();
	}

	#makeReport(isInterrupted: boolean): LoadReport {
		const { rate, pattern, concurrency, expectedIntervalMs } = this.#plan;
		const now = performance.now();
		const { latency, startedLate, succeeded, failed, messages, failures, timeline } = this.#measurements;
		const last = this.#nextWindow(now);
		const until = isInterrupted ? now : Math.max(this.#lastEndAt, this.#endAt);
		const measuredMs = Math.max(0, until - this.#measureAt);
		return {
			loop: rate === undefined ? "closed" : "open",
			rate,
			arrivals: rate === undefined ? undefined : pattern,
			concurrency,
			expectedIntervalMs,
			measuredMs,
			calls: succeeded + failed,
			succeeded,
			failed,
			unfinished: this.#startedMeasured - succeeded - failed,
			succeededPerSecond: measuredMs === 0 ? 0 : (succeeded / measuredMs) * 1_000,
			messages: this.#hasStreams ? messages : undefined,
			latency,
			failures,
			timeline: last.isWarmup || last.succeeded + last.failed === 0 ? timeline : [...timeline, last],
			startedLate,
			idleTurnsMs: this.#wait.idleMs,
			isGeneratorLate: isGeneratorLate(latency, startedLate),
			isInterrupted,
		};
	}
}

/** The error of a call. If the call rejected with nothing, this makes an error. */
function failure(error: unknown): unknown {
	return error ?? new ServiceError({ code: "unknown", message: "the call failed without an error" });
}

function noPlace(concurrency: number): ServiceError {
	return new ServiceError({
		code: "deadline_exceeded",
		reason: "not_started",
		message: `the time ran out before one of ${concurrency} places in flight came free`,
	});
}

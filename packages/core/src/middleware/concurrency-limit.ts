import type { Context } from "../context/context.ts";
import { givesStream, type Method, takesStream } from "../contract/method.ts";
import type { Middleware } from "../endpoint/endpoint.ts";
import { isServiceError, ServiceError } from "../errors/service-error.ts";
import { checkDuration } from "../time/duration.ts";

/** How {@link concurrencyLimit} adapts. */
export interface ConcurrencyLimitOptions {
	/** The limit on concurrent calls before anything is known. Default: 100. */
	readonly initial?: number;
	/** The lower bound of the limit; also the limit while the unloaded latency is measured. Default: 3. */
	readonly minimum?: number;
	/** The upper bound of the limit. Default: 1,000. */
	readonly maximum?: number;
	/** How much slower than unloaded calls may become before the limit falls. Default: 1.5. */
	readonly tolerance?: number;
	/** How often the unloaded latency is measured again, in milliseconds. Default: 60 s. */
	readonly probeEveryMs?: number;
}

/** How long latencies are averaged before the limit changes, in milliseconds, and the fewest calls that it takes. */
const windowMs = 100;
const windowCalls = 10;

/** The unloaded latency is measured over this many calls, or over the calls that end within this many milliseconds. */
const probeCalls = 30;
const probeMs = 1_000;

/**
 * The share of calls that may end late before the limit falls for that reason, and the factor by which it then falls
 * at least.
 */
const acceptableLateness = 0.1;
const decrease = 0.8;

/** The smallest factor by which the limit is multiplied after one window. */
const smallestFactor = 0.2;

/** How long after its deadline a call that is still running counts, in milliseconds. */
const patienceMs = 10_000;

/**
 * Limits the concurrent calls to as many as the service can serve without becoming slow. It refuses the others at
 * once with `resource_exhausted`, reason `concurrency_limited`, so overload costs only the surplus calls, not all of
 * them. A call that cannot finish before its deadline is refused too (reason `deadline_too_near`). Each method has a
 * limit of its own. Streams pass through, because their duration tells nothing about load. For servers.
 *
 * The gradient algorithm of Netflix's concurrency-limits: the limit is multiplied by the ratio of the unloaded
 * latency to the present one, and its square root is added for growth. Where deadlines are tight the limit falls
 * further, until calls meet them. The unloaded latency is measured as in Envoy's adaptive concurrency filter: from
 * time to time, with the limit at its minimum, so that a lasting overload is not taken for normal. A call counts
 * until its handler has ended, even when nobody waits for it any more, because it still takes its share of the
 * machine.
 *
 * @throws RangeError when `probeEveryMs` is not above 0.
 */
export function concurrencyLimit(options: ConcurrencyLimitOptions = {}): Middleware {
	const { probeEveryMs = 1 } = options;
	checkDuration("probeEveryMs of concurrencyLimit()", probeEveryMs, "positive");
	return (next, method) => {
		if (takesStream(method.kind) || givesStream(method.kind)) return next;
		const limit = new AdaptiveLimit(options);
		return (input, ctx) => {
			const entered = limit.enter(ctx);
			if (typeof entered === "string") return Promise.reject(refused(method, entered));
			return next(input, ctx).then(
				(output) => {
					limit.leave(entered);
					return output;
				},
				(error) => {
					limit.leave(entered, error);
					throw error;
				},
			);
		};
	};
}

type Refusal = "concurrency_limited" | "deadline_too_near";

/** A call that is running. */
interface Call {
	readonly startedAt: number;
	/** How much time the call had left when it arrived, in milliseconds. */
	readonly remainingMs: number;
	/** The index of the call among the calls; -1 once it no longer counts. */
	place: number;
}

class AdaptiveLimit {
	readonly #options: Required<ConcurrencyLimitOptions>;
	#limit: number;
	/** In no order: a set would cost more than everything else here. */
	readonly #calls: Call[] = [];
	/** The average latency with little load; 0 while unknown. */
	#unloadedMs = 0;
	#window: Window = new Window();
	#probing = false;
	/** Zero, so that a probe begins when the limit is first reached: latencies measured until then may be overload. */
	#nextProbeAt = 0;
	#nextSweepAt = 0;

	constructor(options: ConcurrencyLimitOptions) {
		const defaults = { initial: 100, minimum: 3, maximum: 1_000, tolerance: 1.5, probeEveryMs: 60_000 };
		this.#options = { ...defaults, ...options };
		this.#limit = this.#options.initial;
	}

	/** Lets a call in until it leaves, or returns why not. */
	enter(ctx: Context): Call | Refusal {
		const now = performance.now();
		const limit = this.#probing ? this.#options.minimum : Math.floor(this.#limit);
		if (this.#calls.length >= limit) {
			this.#window.full = true;
			this.#giveUpHanging(now);
			return "concurrency_limited";
		}
		const remainingMs = ctx.remaining();
		// One call may always try. Otherwise nothing would ever correct a latency that is no longer true.
		if (this.#calls.length > 0 && remainingMs < this.#unloadedMs) return "deadline_too_near";
		const call = { startedAt: now, remainingMs, place: this.#calls.length };
		this.#calls.push(call);
		this.#window.peak = Math.max(this.#window.peak, this.#calls.length);
		return call;
	}

	/** Notes that a call has ended, with this error if any. */
	leave(call: Call, error?: unknown): void {
		this.#remove(call);
		const window = this.#window;
		// A call that began before the window was served under another limit.
		if (call.startedAt < window.since) return;
		const now = performance.now();
		const elapsedMs = now - call.startedAt;
		const late = elapsedMs >= 0.9 * call.remainingMs;
		if (!late && !isLatency(error)) return;
		window.calls++;
		window.totalMs += elapsedMs;
		// A call that had too little time from the start tells nothing about the load.
		if (late && (this.#probing || call.remainingMs >= 2 * this.#unloadedMs)) window.late++;
		if (!this.#isEnough(window, now)) return;
		this.#adapt(window.totalMs / window.calls, now);
		this.#window = new Window();
	}

	/** Whether a window has enough calls to judge by. */
	#isEnough({ calls, since }: Window, now: number): boolean {
		if (calls < windowCalls) return false;
		return this.#probing ? calls >= probeCalls || now - since >= probeMs : now - since >= windowMs;
	}

	/** Changes the limit after a window. */
	#adapt(latencyMs: number, now: number): void {
		const { full, late, calls } = this.#window;
		if (this.#probing) {
			// Most calls are late even at the minimum: earlier calls still occupy the service and have to finish
			// first.
			if (late > calls / 2) return;
			this.#probing = false;
			this.#unloadedMs = latencyMs;
			this.#nextProbeAt = now + this.#options.probeEveryMs * (1 + Math.random() / 4);
		} else if (full && now >= this.#nextProbeAt) {
			this.#probing = true;
		} else {
			this.#moveLimit(latencyMs);
		}
	}

	#moveLimit(latencyMs: number): void {
		if (this.#unloadedMs === 0) this.#unloadedMs = latencyMs;
		const { peak, late, calls } = this.#window;
		if (peak < this.#limit / 2) {
			// The load is little and the limit is not in use, so calls that take longer now do so by themselves.
			this.#unloadedMs += (latencyMs - this.#unloadedMs) / 10;
			return;
		}
		const { minimum, maximum, tolerance } = this.#options;
		const gradient = Math.min(1, (this.#unloadedMs * tolerance) / latencyMs);
		const limit =
			late > acceptableLateness * calls
				? this.#limit * Math.max(smallestFactor, Math.min(gradient, decrease, 1 - late / calls))
				: this.#limit * Math.max(smallestFactor, gradient) + Math.sqrt(this.#limit);
		this.#limit = Math.min(maximum, Math.max(minimum, limit));
	}

	/** Removes calls whose handlers seem never to end, so that they do not keep others out for ever. */
	#giveUpHanging(now: number): void {
		if (now < this.#nextSweepAt) return;
		this.#nextSweepAt = now + 1_000;
		for (const call of [...this.#calls]) {
			if (now > call.startedAt + call.remainingMs + patienceMs) this.#remove(call);
		}
	}

	#remove(call: Call): void {
		const { place } = call;
		if (place < 0) return;
		call.place = -1;
		const last = this.#calls.pop();
		if (last === undefined || last === call) return;
		this.#calls[place] = last;
		last.place = place;
	}
}

/** The measurements until the limit changes. */
class Window {
	readonly since: number = performance.now();
	calls = 0;
	totalMs = 0;
	/** Calls that ended late, or nearly so. */
	late = 0;
	/** The most concurrent calls. */
	peak = 0;
	/** Whether a call was refused. */
	full = false;
}

/** Whether the duration of a call tells about the load: not after a cancellation, nor after a refusal further in. */
function isLatency(error: unknown): boolean {
	if (!isServiceError(error)) return true;
	return error.code !== "canceled" && error.code !== "unavailable" && error.code !== "resource_exhausted";
}

function refused(method: Method, reason: Refusal): ServiceError {
	const message =
		reason === "concurrency_limited"
			? `${method.path} is called too often at once`
			: `${method.path} takes longer than the call has left`;
	return new ServiceError({ code: "resource_exhausted", reason, message });
}

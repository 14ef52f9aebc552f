import type { Context } from "../context/context.ts";
import type { Method } from "../contract/method.ts";
import type { Middleware } from "../endpoint/endpoint.ts";
import { isServiceError, ServiceError } from "../errors/service-error.ts";
import { checkDuration } from "../time/duration.ts";

/** How {@link concurrencyLimit} adapts. */
export interface ConcurrencyLimitOptions {
	/** Calls at once before anything is known. Default: 100. */
	readonly initial?: number;
	/** The least that the limit falls to, and what it is while the unloaded latency is measured. Default: 3. */
	readonly minimum?: number;
	/** The most that the limit rises to. Default: 1,000. */
	readonly maximum?: number;
	/** How much slower than unloaded calls may get before the limit falls. Default: 1.5. */
	readonly tolerance?: number;
	/** How often the unloaded latency is measured anew, in milliseconds. Default: 60 s. */
	readonly probeEveryMs?: number;
}

/** How long latencies are averaged before the limit changes, in milliseconds, and how many of them at least. */
const windowMs = 100;
const windowCalls = 10;

/** The unloaded latency is taken of so many calls, or of those that come within so many milliseconds. */
const probeCalls = 30;
const probeMs = 1_000;

/** The share of calls that may end too late before the limit falls for that, and by what factor at least. */
const acceptableLateness = 0.1;
const decrease = 0.8;

/** The factor by which the limit falls at most, for one window. */
const steepest = 0.2;

/** How long after its deadline a call that is still being worked on counts, in milliseconds. */
const patienceMs = 10_000;

/**
 * Lets so many calls in at once as the service serves without getting slow, and refuses the rest at once with
 * `resource_exhausted`, reason `concurrency_limited`; so overload costs the calls that are too many, not all.
 * What cannot finish before its deadline is refused too (reason `deadline_too_near`). Each method has a limit
 * of its own; streams pass through, as how long they take says nothing of load. For servers.
 *
 * The gradient algorithm of Netflix's concurrency-limits: the limit follows the unloaded latency over the
 * present one, plus its square root for growth. Where deadlines are tight it falls on, until calls make them. The
 * unloaded latency is measured as in Envoy's adaptive concurrency filter: now and then, with the limit at its
 * minimum, so that a lasting overload is not taken for normal. A call counts until its handler has ended, even
 * when nobody waits for it any more: it still takes its share of the machine.
 *
 * @throws RangeError when `probeEveryMs` is not above 0.
 */
export function concurrencyLimit(options: ConcurrencyLimitOptions = {}): Middleware {
	const { probeEveryMs = 1 } = options;
	checkDuration("probeEveryMs of concurrencyLimit()", probeEveryMs, "positive");
	return (next, method) => {
		if (method.kind !== "unary") return next;
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

/** A call that is being worked on. */
interface Call {
	readonly startedAt: number;
	/** How long its caller would wait when it came, in milliseconds. */
	readonly remainingMs: number;
	/** Where it stands among the calls; -1 once it does not count any more. */
	place: number;
}

class AdaptiveLimit {
	readonly #options: Required<ConcurrencyLimitOptions>;
	#limit: number;
	/** In no order: a set would cost more than all the rest. */
	readonly #calls: Call[] = [];
	/** The average latency with little load; 0 while unknown. */
	#unloadedMs = 0;
	#window: Window = new Window();
	#probing = false;
	/** At once when the limit is first reached: what was measured until then may be overload. */
	#nextProbeAt = 0;
	#nextSweepAt = 0;

	constructor(options: ConcurrencyLimitOptions) {
		const defaults = { initial: 100, minimum: 3, maximum: 1_000, tolerance: 1.5, probeEveryMs: 60_000 };
		this.#options = { ...defaults, ...options };
		this.#limit = this.#options.initial;
	}

	/** Lets a call in until it leaves, or says why not. */
	enter(ctx: Context): Call | Refusal {
		const now = performance.now();
		const limit = this.#probing ? this.#options.minimum : Math.floor(this.#limit);
		if (this.#calls.length >= limit) {
			this.#window.full = true;
			this.#giveUpHanging(now);
			return "concurrency_limited";
		}
		const remainingMs = ctx.remaining();
		// One may always try, else a latency that is no longer true would never be found out.
		if (this.#calls.length > 0 && remainingMs < this.#unloadedMs) return "deadline_too_near";
		const call = { startedAt: now, remainingMs, place: this.#calls.length };
		this.#calls.push(call);
		this.#window.peak = Math.max(this.#window.peak, this.#calls.length);
		return call;
	}

	/** A call has ended, by this error if any. */
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
		// Who gave it too little time from the start says nothing of the load.
		if (late && (this.#probing || call.remainingMs >= 2 * this.#unloadedMs)) window.late++;
		if (!this.#isEnough(window, now)) return;
		this.#adapt(window.totalMs / window.calls, now);
		this.#window = new Window();
	}

	/** Whether a window tells enough. */
	#isEnough({ calls, since }: Window, now: number): boolean {
		if (calls < windowCalls) return false;
		return this.#probing ? calls >= probeCalls || now - since >= probeMs : now - since >= windowMs;
	}

	/** A window is over. */
	#adapt(latencyMs: number, now: number): void {
		const { full, late, calls } = this.#window;
		if (this.#probing) {
			// What is mostly too late even so waits for what was let in before: the work has to be done first.
			if (late > calls / 2) return;
			this.#probing = false;
			this.#unloadedMs = latencyMs;
			this.#nextProbeAt = now + this.#options.probeEveryMs * (1 + Math.random() / 4);
		} else if (full && now >= this.#nextProbeAt) {
			this.#probing = true;
		} else {
			this.#follow(latencyMs);
		}
	}

	#follow(latencyMs: number): void {
		if (this.#unloadedMs === 0) this.#unloadedMs = latencyMs;
		const { peak, late, calls } = this.#window;
		if (peak < this.#limit / 2) {
			// Little load: calls that take longer now do so by themselves, and the limit is not in use.
			this.#unloadedMs += (latencyMs - this.#unloadedMs) / 10;
			return;
		}
		const { minimum, maximum, tolerance } = this.#options;
		const gradient = Math.min(1, (this.#unloadedMs * tolerance) / latencyMs);
		const limit =
			late > acceptableLateness * calls
				? this.#limit * Math.max(steepest, Math.min(gradient, decrease, 1 - late / calls))
				: this.#limit * Math.max(steepest, gradient) + Math.sqrt(this.#limit);
		this.#limit = Math.min(maximum, Math.max(minimum, limit));
	}

	/** Calls whose handlers seem never to end shall not keep others out for ever. */
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

/** What is measured until the limit changes. */
class Window {
	readonly since: number = performance.now();
	calls = 0;
	totalMs = 0;
	/** Calls that ended too late, or nearly so. */
	late = 0;
	/** The most calls at once. */
	peak = 0;
	/** Whether a call was refused. */
	full = false;
}

/** Whether how long a call took tells of the load: not a change of mind, nor a refusal further in. */
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

import { type Outcome, onSettled } from "../context/call-scope.ts";
import type { Context } from "../context/context.ts";
import type { Method } from "../contract/method.ts";
import type { Middleware } from "../endpoint/endpoint.ts";
import { ServiceError } from "../errors/service-error.ts";

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

/**
 * Lets so many calls in at once as the service serves without getting slow, and refuses the rest at once with
 * `resource_exhausted`, reason `concurrency_limited`; so overload costs the calls that are too many, not all.
 * What cannot finish before its deadline is refused too (reason `deadline_too_near`). Each method has a limit
 * of its own; streams pass through, as how long they take says nothing of load. For servers.
 *
 * The gradient algorithm of Netflix's concurrency-limits: the limit follows the unloaded latency over the
 * present one, plus its square root for growth. The unloaded latency is measured as in Envoy's adaptive
 * concurrency filter: now and then, with the limit at its minimum, so that a lasting overload is not taken for
 * normal.
 */
export function concurrencyLimit(options: ConcurrencyLimitOptions = {}): Middleware {
	return (next, method) => {
		if (method.kind !== "unary") return next;
		const limit = new AdaptiveLimit(options);
		return (input, ctx) => {
			const refusal = limit.enter(ctx);
			if (refusal !== undefined) return Promise.reject(refused(method, refusal));
			return next(input, ctx);
		};
	};
}

type Refusal = "concurrency_limited" | "deadline_too_near";

class AdaptiveLimit {
	readonly #options: Required<ConcurrencyLimitOptions>;
	#limit: number;
	#inFlight = 0;
	/** The average latency with little load; 0 while unknown. */
	#unloadedMs = 0;
	#window: Window = new Window();
	#probing = false;
	/** At once when the limit is first reached: what was measured until then may be overload. */
	#nextProbeAt = 0;

	constructor(options: ConcurrencyLimitOptions) {
		const defaults = { initial: 100, minimum: 3, maximum: 1_000, tolerance: 1.5, probeEveryMs: 60_000 };
		this.#options = { ...defaults, ...options };
		this.#limit = this.#options.initial;
	}

	/** Lets a call in until it has settled, or says why not. */
	enter(ctx: Context): Refusal | undefined {
		const limit = this.#probing ? this.#options.minimum : Math.floor(this.#limit);
		if (this.#inFlight >= limit) {
			this.#window.full = true;
			return "concurrency_limited";
		}
		// One may always try, else a latency that is no longer true would never be found out.
		if (this.#inFlight > 0 && ctx.remaining() < this.#unloadedMs) return "deadline_too_near";
		const startedAt = performance.now();
		this.#inFlight++;
		this.#window.peak = Math.max(this.#window.peak, this.#inFlight);
		onSettled(ctx, (outcome) => this.#leave(outcome, startedAt));
		return undefined;
	}

	#leave(outcome: Outcome, startedAt: number): void {
		this.#inFlight--;
		const window = this.#window;
		// A call that began before the window was served under another limit.
		if (startedAt < window.since || !isLatency(outcome)) return;
		const now = performance.now();
		window.calls++;
		window.totalMs += now - startedAt;
		if (window.calls < windowCalls || (!this.#probing && now - window.since < windowMs)) return;
		this.#adapt(window.totalMs / window.calls, now);
		this.#window = new Window();
	}

	/** A window is over. */
	#adapt(latencyMs: number, now: number): void {
		if (this.#probing) {
			this.#probing = false;
			this.#unloadedMs = latencyMs;
			this.#nextProbeAt = now + this.#options.probeEveryMs * (1 + Math.random() / 4);
		} else if (this.#window.full && now >= this.#nextProbeAt) {
			this.#probing = true;
		} else {
			this.#follow(latencyMs);
		}
	}

	#follow(latencyMs: number): void {
		const { minimum, maximum, tolerance } = this.#options;
		if (this.#unloadedMs === 0 || latencyMs < this.#unloadedMs) this.#unloadedMs = latencyMs;
		if (this.#window.peak < this.#limit / 2) {
			// Little load: calls that take longer now do so by themselves, and the limit is not in use.
			this.#unloadedMs += (latencyMs - this.#unloadedMs) / 10;
			return;
		}
		const gradient = Math.min(1, Math.max(0.5, (this.#unloadedMs * tolerance) / latencyMs));
		const limit = this.#limit * gradient + Math.sqrt(this.#limit);
		this.#limit = Math.min(maximum, Math.max(minimum, limit));
	}
}

/** What is measured until the limit changes. */
class Window {
	readonly since: number = performance.now();
	calls = 0;
	totalMs = 0;
	/** The most calls at once. */
	peak = 0;
	/** Whether a call was refused. */
	full = false;
}

/** Whether how long a call took tells of the load: not a change of mind, nor a refusal further in. */
function isLatency(outcome: Outcome): boolean {
	if (outcome.ok) return true;
	const { code } = outcome.error;
	return code !== "canceled" && code !== "unavailable" && code !== "resource_exhausted";
}

function refused(method: Method, reason: Refusal): ServiceError {
	const message =
		reason === "concurrency_limited"
			? `${method.path} is called too often at once`
			: `${method.path} takes longer than the call has left`;
	return new ServiceError({ code: "resource_exhausted", reason, message });
}

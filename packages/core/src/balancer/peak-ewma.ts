import type { Outcome } from "../context/call-scope.ts";
import type { ServiceError } from "../errors/service-error.ts";
import { isTrouble } from "../errors/trouble.ts";
import { checkDuration } from "../time/duration.ts";
import type { Balancer, Load } from "./balancer.ts";

/** How {@link peakEwma} remembers. */
export interface PeakEwmaOptions {
	/**
	 * How fast old latencies are forgotten, in milliseconds. Default: 10 s. After this time without a call, one call
	 * probes the instance. After each further failure in a row the time doubles, up to six times its length.
	 */
	readonly decayMs?: number;
	/**
	 * The least latency, in milliseconds, that an attempt counts with when the instance could not serve it. Default:
	 * 1 s.
	 */
	readonly penaltyMs?: number;
}

/** The largest factor by which failures in a row lengthen the time without calls. */
const mostPatience = 6;

/**
 * Picks two instances at random and takes the one with less load. The load is the instance's latency times its calls
 * in flight; the latency is a moving average that rises at once and falls slowly. The default balancer.
 *
 * After Finagle's `PeakEwma` and Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing" (2001).
 *
 * @throws RangeError when `decayMs` is not above 0, or `penaltyMs` is negative or infinite.
 */
export function peakEwma(options: PeakEwmaOptions = {}): Balancer<PeakEwmaLoad> {
	const { decayMs = 10_000, penaltyMs = 1_000 } = options;
	checkDuration("decayMs of peakEwma()", decayMs, "positive");
	checkDuration("penaltyMs of peakEwma()", penaltyMs, "finite");
	return {
		join: () => new PeakEwmaLoad(decayMs, penaltyMs),
		pick: (candidates) => {
			const { length } = candidates;
			if (length < 2) return candidates[0];
			const first = Math.floor(Math.random() * length);
			const second = (first + 1 + Math.floor(Math.random() * (length - 1))) % length;
			const [one, other] = [candidates[first], candidates[second]];
			if (one === undefined || other === undefined) return one;
			return one.load.costsAtMost(other.load) ? one : other;
		},
	};
}

/** The latency and the calls in flight of one instance. */
export class PeakEwmaLoad implements Load {
	readonly #decayMs: number;
	readonly #penaltyMs: number;
	#latencyMs = 0;
	#updatedAt = performance.now();
	/** When the last attempt ended, whether or not it yielded a latency. */
	#triedAt = this.#updatedAt;
	/** How long the instance goes without a call before one call probes it, in milliseconds. */
	#patienceMs: number;
	#inFlight = 0;

	constructor(decayMs: number, penaltyMs: number) {
		this.#decayMs = decayMs;
		this.#penaltyMs = penaltyMs;
		this.#patienceMs = decayMs;
	}

	start(): void {
		this.#inFlight++;
	}

	end(outcome: Outcome, elapsedMs: number, now: number): void {
		this.#inFlight--;
		const wasOverdue = now - this.#triedAt > this.#patienceMs;
		this.#triedAt = now;
		if (outcome.ok) {
			this.#patienceMs = this.#decayMs;
			this.#observe(elapsedMs, now);
		} else if (isUnserved(outcome.error)) {
			// Failures of calls that were in flight together count as one.
			if (wasOverdue) this.#patienceMs = Math.min(2 * this.#patienceMs, mostPatience * this.#decayMs);
			this.#observe(Math.max(elapsedMs, this.#penaltyMs), now);
		} else if (elapsedMs >= this.#latencyMs || !saysLittle(outcome.error)) this.#observe(elapsedMs, now);
	}

	/** The cost of one more call here, in milliseconds. */
	cost(now: number): number {
		if (this.#isOverdue(now)) return 0;
		// An instance that has not answered yet looks free. This cost keeps it from getting every call until it does.
		if (this.#latencyMs === 0) return this.#inFlight === 0 ? 0 : this.#penaltyMs + this.#inFlight;
		return this.#latencyMs * this.#left(now) * (this.#inFlight + 1);
	}

	/** Whether one more call would cost no more here than at the other instance. */
	costsAtMost(other: PeakEwmaLoad): boolean {
		if (this.#latencyMs === 0 || other.#latencyMs === 0) {
			const now = performance.now();
			return this.cost(now) <= other.cost(now);
		}
		// The time of the other's last attempt is exact enough here, and saves reading the clock.
		if (this.#isOverdue(other.#triedAt)) return true;
		if (other.#isOverdue(this.#triedAt)) return false;
		// From the other's last update on both latencies fade alike, so neither the time nor a second exponential is
		// needed.
		return (
			this.#latencyMs * this.#left(other.#updatedAt) * (this.#inFlight + 1) <=
			other.#latencyMs * (other.#inFlight + 1)
		);
	}

	/**
	 * Whether a call must probe the instance because its latency is old: at low load the cheaper one gets all calls.
	 */
	#isOverdue(now: number): boolean {
		return this.#inFlight === 0 && now - this.#triedAt > this.#patienceMs;
	}

	/** The share of the remembered latency that is left at a time. */
	#left(now: number): number {
		return Math.exp((this.#updatedAt - now) / this.#decayMs);
	}

	#observe(elapsedMs: number, now: number): void {
		const weight = this.#left(now);
		this.#updatedAt = now;
		if (elapsedMs > this.#latencyMs) this.#latencyMs = elapsedMs;
		else this.#latencyMs = this.#latencyMs * weight + elapsedMs * (1 - weight);
	}
}

/** Whether the instance, rather than the call, is to blame. */
function isUnserved({ code }: ServiceError): boolean {
	return code === "unavailable" || code === "deadline_exceeded" || code === "resource_exhausted";
}

/**
 * Whether an early error tells nothing about how fast an instance serves: the caller gave up, no handler ran, or one
 * broke. If such an error counted as fast, an instance that refuses or breaks at once would get all calls.
 */
function saysLittle(error: ServiceError): boolean {
	return error.code === "canceled" || error.notExecuted || isTrouble(error);
}

import type { Outcome } from "../context/call-scope.ts";
import type { Balancer, Load } from "./balancer.ts";

/** How {@link peakEwma} remembers. */
export interface PeakEwmaOptions {
	/** How fast old latencies are forgotten, in milliseconds. Default: 10 s. */
	readonly decayMs?: number;
	/** What an attempt that the instance could not serve counts as, in milliseconds at least. Default: 1 s. */
	readonly penaltyMs?: number;
}

/**
 * Picks two instances at random and takes the one with less load: its latency, as a moving average that jumps
 * up at once and comes down slowly, times the calls it has in flight. The default balancer.
 *
 * After Finagle's `PeakEwma` and Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing" (2001).
 */
export function peakEwma(options: PeakEwmaOptions = {}): Balancer<PeakEwmaLoad> {
	const { decayMs = 10_000, penaltyMs = 1_000 } = options;
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

/** Latency and calls in flight of one instance. */
export class PeakEwmaLoad implements Load {
	readonly #decayMs: number;
	readonly #penaltyMs: number;
	#latencyMs = 0;
	#updatedAt = performance.now();
	#inFlight = 0;

	constructor(decayMs: number, penaltyMs: number) {
		this.#decayMs = decayMs;
		this.#penaltyMs = penaltyMs;
	}

	start(): void {
		this.#inFlight++;
	}

	end(outcome: Outcome, elapsedMs: number, now: number): void {
		this.#inFlight--;
		// Given up by the caller, it says only that an answer takes at least so long.
		if (!outcome.ok && outcome.error.code === "canceled" && elapsedMs < this.#latencyMs) return;
		this.#observe(unserved(outcome) ? Math.max(elapsedMs, this.#penaltyMs) : elapsedMs, now);
	}

	/** What one more call would cost here, in milliseconds. */
	cost(now: number): number {
		// An instance that has not answered yet looks free; it shall not get everything until it does.
		if (this.#latencyMs === 0) return this.#inFlight === 0 ? 0 : this.#penaltyMs + this.#inFlight;
		return this.#latencyMs * this.#left(now) * (this.#inFlight + 1);
	}

	/** Whether one more call would cost no more here than at another. */
	costsAtMost(other: PeakEwmaLoad): boolean {
		if (this.#latencyMs === 0 || other.#latencyMs === 0) {
			const now = performance.now();
			return this.cost(now) <= other.cost(now);
		}
		// From the other's last update on both fade alike: that needs neither the time nor its own exponential.
		return (
			this.#latencyMs * this.#left(other.#updatedAt) * (this.#inFlight + 1) <=
			other.#latencyMs * (other.#inFlight + 1)
		);
	}

	/** The part of what was remembered that is left at a time. */
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
function unserved(outcome: Outcome): boolean {
	if (outcome.ok) return false;
	const { code } = outcome.error;
	return code === "unavailable" || code === "deadline_exceeded" || code === "resource_exhausted";
}

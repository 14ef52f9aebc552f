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
			const [one, other] = twoOf(candidates);
			if (one === undefined || other === undefined) return candidates[0];
			const now = performance.now();
			return one.load.cost(now) <= other.load.cost(now) ? one : other;
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
		this.#observe(0, now);
		return this.#latencyMs * (this.#inFlight + 1);
	}

	#observe(elapsedMs: number, now: number): void {
		const weight = Math.exp(-(now - this.#updatedAt) / this.#decayMs);
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

/** Two different candidates, at random; nothing where there are not two. */
function twoOf<C>(candidates: readonly C[]): readonly (C | undefined)[] {
	const { length } = candidates;
	if (length < 2) return [];
	const first = Math.floor(Math.random() * length);
	const second = (first + 1 + Math.floor(Math.random() * (length - 1))) % length;
	return [candidates[first], candidates[second]];
}

import type { Balancer, Load } from "./balancer.ts";

/** Calls in flight at one instance. */
export class InFlight implements Load {
	#calls = 0;

	get calls(): number {
		return this.#calls;
	}

	start(): void {
		this.#calls++;
	}

	end(): void {
		this.#calls--;
	}
}

/**
 * Picks the instance with the fewest calls of this client in flight, in proportion to its weight, and any of several
 * that are equal. Each pick looks at all instances.
 *
 * After Finagle's `leastLoaded`.
 */
export function leastLoaded(): Balancer<InFlight> {
	return {
		join: () => new InFlight(),
		pick: (candidates) => {
			const { length } = candidates;
			// The search starts anywhere, so that equal instances take turns.
			const start = Math.floor(Math.random() * length);
			let best = candidates[start];
			let least = Number.POSITIVE_INFINITY;
			for (let n = 0; n < length; n++) {
				const candidate = candidates[(start + n) % length];
				if (candidate === undefined) continue;
				const load = (candidate.load.calls + 1) / candidate.instance.weight;
				if (load < least) [best, least] = [candidate, load];
			}
			return best;
		},
	};
}

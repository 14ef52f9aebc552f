import type { Outcome } from "../context/call-scope.ts";
import type { Context } from "../context/context.ts";
import type { Instance } from "../registry/instance.ts";

/** The record that a balancer keeps of one instance. It is kept as long as the instance is known. */
export interface Load {
	/** Notes that an attempt begins. */
	start(): void;
	/**
	 * Notes that an attempt, or the stream that it opened, has ended. `elapsedMs` is how long the instance took to
	 * reply or to accept a stream; 0 where the caller's own stream sets the pace. `now` is the time on the clock of
	 * `performance.now()`, passed in so that the clock is not read twice.
	 */
	end(outcome: Outcome, elapsedMs: number, now: number): void;
}

/** An instance that may be picked. */
export interface Candidate<L extends Load = Load> {
	readonly instance: Instance;
	readonly load: L;
}

/** Picks an instance for an attempt. One balancer serves one target; make a new one for each. */
export interface Balancer<L extends Load = Load> {
	/** Begins to remember an instance. */
	join(instance: Instance): L;
	/**
	 * Picks one of the candidates; undefined only when none of them may be picked. A client passes the same array
	 * until something changes, so results computed from it may be kept.
	 */
	pick<C extends Candidate<L>>(candidates: readonly C[], ctx: Context): C | undefined;
}

import type { Outcome } from "../context/call-scope.ts";
import type { Context } from "../context/context.ts";
import type { Instance } from "../registry/instance.ts";

/** What a balancer remembers of one instance. It lives as long as the instance is known. */
export interface Load {
	/** An attempt begins. */
	start(): void;
	/**
	 * An attempt, or the stream that it opened, has ended. `elapsedMs` is how long the instance took to answer:
	 * to reply, or to accept a stream; 0 where the caller's own stream sets the pace. `now` is the time on the
	 * clock of `performance.now()`, which was asked already.
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
	 * Picks one of the candidates; undefined only when there is none that it may pick. A client gives the same
	 * array until something changes, so what is worked out of it may be kept.
	 */
	pick<C extends Candidate<L>>(candidates: readonly C[], ctx: Context): C | undefined;
}

import type { EventLog } from "./event-log.ts";

/** How many lines of the log an error shows. */
const tailLines = 40;

/** A scenario failed. The message says why, with which seed, and what happened last. */
export class SimulationError extends Error {
	/** The seed that reproduces the run. */
	readonly seed: string;
	/** The whole log. */
	readonly log: string;

	constructor(seed: string, cause: unknown, log: EventLog) {
		const reason = cause instanceof Error ? cause.message : String(cause);
		super(
			`${reason}\n\nThis was seed ${seed}; ALLIUM_SEED=${seed} repeats it. What happened last:\n${log.tail(tailLines)}`,
			{ cause },
		);
		this.name = "SimulationError";
		this.seed = seed;
		this.log = log.toString();
	}
}

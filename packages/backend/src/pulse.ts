import { after, type Timer } from "@allium/core/transport";

/** The options of a `Pulse`. */
export interface PulseOptions {
	/** The time between two questions, in milliseconds. */
	readonly everyMs: number;
	/** Asks the server for a sign of life. Rejects when there is none. */
	readonly ask: () => Promise<unknown>;
	/** Called after each question that was not answered. */
	readonly missed: (error: unknown) => void;
}

/**
 * Asks a server at intervals for a sign of life while something is watched there. A connection that falls silent does
 * not break, so without this a watcher would take the leases that ran out meanwhile for instances that died.
 */
export class Pulse {
	readonly #options: PulseOptions;
	#timer: Timer | undefined;
	/** Counts the starts, so that an answer to an earlier one is recognised. */
	#run = 0;

	constructor(options: PulseOptions) {
		this.#options = options;
	}

	start(): void {
		this.stop();
		this.#schedule(this.#run);
	}

	stop(): void {
		this.#run++;
		this.#timer?.stop();
		this.#timer = undefined;
	}

	/** The jitter spreads out processes that were started together. */
	#schedule(run: number): void {
		this.#timer = after(this.#options.everyMs * (0.8 + 0.2 * Math.random()), () => {
			this.#options
				.ask()
				.catch((error: unknown) => {
					if (run === this.#run) this.#options.missed(error);
				})
				.finally(() => {
					if (run === this.#run) this.#schedule(run);
				});
		});
	}
}

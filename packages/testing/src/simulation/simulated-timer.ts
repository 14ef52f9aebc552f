import type { SimulatedEvent } from "./event-queue.ts";

/** Schedules and cancels the events of timers. */
export interface TimerHost {
	/** Schedules for the process that is running. */
	schedule(delayMs: number, run: () => void): SimulatedEvent;
}

/**
 * A timer, as `setTimeout`, `setInterval` and `setImmediate` return it during a simulation. It is like Node's, but in
 * virtual time.
 */
export class SimulatedTimer {
	readonly #host: TimerHost;
	readonly #run: () => void;
	readonly #delayMs: number;
	readonly #repeats: boolean;
	#event: SimulatedEvent;

	constructor(host: TimerHost, run: () => void, delayMs: number, repeats: boolean) {
		this.#host = host;
		this.#run = run;
		this.#delayMs = delayMs;
		this.#repeats = repeats;
		this.#event = this.#schedule();
	}

	/** Restarts the timer. */
	refresh(): this {
		this.close();
		this.#event = this.#schedule();
		return this;
	}

	/** Has no effect: a simulation ends with its scenario. */
	ref(): this {
		return this;
	}

	/** Has no effect: a simulation ends with its scenario. */
	unref(): this {
		return this;
	}

	hasRef(): boolean {
		return true;
	}

	/** Stops the timer. */
	close(): this {
		this.#event.canceled = true;
		return this;
	}

	[Symbol.dispose](): void {
		this.close();
	}

	#schedule(): SimulatedEvent {
		return this.#host.schedule(this.#delayMs, () => {
			if (this.#repeats) this.#event = this.#schedule();
			this.#run();
		});
	}
}

/** The delay that Node gives a timer: a whole number of milliseconds, at least one. */
export function timerDelay(milliseconds: unknown): number {
	const delay = Math.trunc(Number(milliseconds ?? 1));
	return delay >= 1 && delay <= 2 ** 31 - 1 ? delay : 1;
}

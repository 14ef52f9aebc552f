/**
 * The longest delay that the platform's timers take, in milliseconds: about 24.8 days. A timer with a longer one
 * fires at once.
 */
export const longestDelayMs: number = 2 ** 31 - 1;

/** A timer that runs until it is stopped. */
export interface Timer {
	/** Ends the callbacks. A second call has no further effect. */
	stop(): void;
}

/** Calls back once, after this many milliseconds. Infinity means never. A long delay does not fire too early. */
export function after(milliseconds: number, run: () => void): Timer {
	return new Alarm(milliseconds, run, false);
}

/** Calls back as {@link after} does, unless the process ends earlier: this timer does not keep it alive. */
export function afterIfAlive(milliseconds: number, run: () => void): void {
	const timer: unknown = setTimeout(run, milliseconds);
	// Only Node has processes that a timer keeps alive.
	if (keepsAlive(timer)) timer.unref();
}

function keepsAlive(timer: unknown): timer is { unref(): void } {
	return typeof timer === "object" && timer !== null && "unref" in timer;
}

/** Calls back at this interval until it is stopped. Infinity means never. */
export function every(milliseconds: number, run: () => void): Timer {
	return new Alarm(milliseconds, run, true);
}

class Alarm implements Timer {
	readonly #milliseconds: number;
	readonly #run: () => void;
	readonly #repeats: boolean;
	#timer: ReturnType<typeof setTimeout> | undefined;

	constructor(milliseconds: number, run: () => void, repeats: boolean) {
		if (Number.isNaN(milliseconds)) throw new RangeError("a timer takes milliseconds, and was given NaN");
		// The platform warns about a negative delay.
		this.#milliseconds = Math.max(0, milliseconds);
		this.#run = run;
		this.#repeats = repeats;
		if (milliseconds > longestDelayMs) this.#begin();
		else if (repeats) this.#timer = setInterval(run, this.#milliseconds);
		else this.#timer = setTimeout(run, this.#milliseconds);
	}

	stop(): void {
		// The platform takes either kind of timer here.
		clearTimeout(this.#timer);
		this.#timer = undefined;
	}

	/** A delay longer than one timer takes becomes several timers, one after the other. */
	#begin(): void {
		if (this.#milliseconds !== Number.POSITIVE_INFINITY) this.#wait(this.#milliseconds);
	}

	#wait(left: number): void {
		const delay = Math.min(left, longestDelayMs);
		this.#timer = setTimeout(() => {
			if (left > delay) {
				this.#wait(left - delay);
				return;
			}
			if (this.#repeats) this.#begin();
			this.#run();
		}, delay);
	}
}

/** The longest delay that the platform's timers take, in milliseconds: some 24.8 days. They fire at once for a longer one. */
export const longestDelayMs: number = 2 ** 31 - 1;

/** What has been set, until it is stopped. */
export interface Timer {
	/** It does not call back any more. Doing it twice is the same as once. */
	stop(): void;
}

/** Calls back once, after so many milliseconds: never for Infinity, and not too early however long that is. */
export function after(milliseconds: number, run: () => void): Timer {
	return new Alarm(milliseconds, run, false);
}

/** Calls back every so many milliseconds, until it is stopped: never for Infinity. */
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
		// The platform warns of a time that has passed.
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

	/** Longer than one timer takes: one after the other, until the time has come. */
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

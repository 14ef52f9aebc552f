import { after, type Timer } from "./timer.ts";

/** In how many parts a silence is waited for. Each lets whatever has arrived be read. */
const parts = 4;

/**
 * Calls back once, when a peer that is to be heard from has been silent for this many milliseconds; whoever hears from
 * it stops the timer. The peer has more time while this thread is busy with something else: a timer that is late is
 * called before the answer is read that has arrived meanwhile.
 */
export function afterSilence(milliseconds: number, run: () => void): Timer {
	return new Silence(milliseconds, run);
}

class Silence implements Timer {
	readonly #partMs: number;
	readonly #run: () => void;
	#timer: Timer;

	constructor(milliseconds: number, run: () => void) {
		this.#partMs = milliseconds / parts;
		this.#run = run;
		this.#timer = this.#wait(parts);
	}

	stop(): void {
		this.#timer.stop();
	}

	/** Between the last part and the end, the platform reads what is there. */
	#wait(left: number): Timer {
		if (left === 0) return after(0, this.#run);
		return after(this.#partMs, () => {
			this.#timer = this.#wait(left - 1);
		});
	}
}

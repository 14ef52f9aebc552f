import { after, type Timer } from "./timer.ts";

/** In how many parts a silence is waited for. Each lets whatever has arrived be read. */
const parts = 4;

/**
 * Calls back once, when a peer has been silent for this many milliseconds. The caller stops the timer when it hears
 * from the peer. The peer gets more time while this thread is busy with something else, because a late timer is called
 * before an answer that has arrived meanwhile is read.
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

	/** Between the last part and the end, the platform reads the bytes that have arrived. */
	#wait(left: number): Timer {
		if (left === 0) return after(0, this.#run);
		return after(this.#partMs, () => {
			this.#timer = this.#wait(left - 1);
		});
	}
}

import { after, type Timer } from "@allium/core/transport";

/** Timers are too coarse for shorter waits than this, in milliseconds: they fire up to two milliseconds late. */
const coarseMs = 3;

/** A turn of the event loop that took less than this, in milliseconds, had nothing to do. */
const idleTurnMs = 0.02;

/**
 * Waits until a moment more exactly than a timer does. For the last milliseconds it keeps the event loop turning, so
 * everything else is still handled meanwhile. There is one wait at a time.
 */
export class Wait {
	/** How long the event loop was kept turning with nothing to do, in milliseconds. */
	idleMs = 0;
	readonly #done: () => void;
	#until = 0;
	#timer: Timer | undefined;
	#immediate: ReturnType<typeof setImmediate> | undefined;
	#isOver = false;

	/** @param done Called when the wait is over. */
	constructor(done: () => void) {
		this.#done = done;
	}

	/** Waits until a moment of `performance.now()`. */
	until(moment: number): void {
		this.#until = moment;
		this.#go();
	}

	/** Gives other work a turn. */
	turn(): void {
		this.until(0);
	}

	/** Ends the current wait, and refuses all later ones. */
	stop(): void {
		this.#isOver = true;
		this.#timer?.stop();
		clearImmediate(this.#immediate);
	}

	#go(): void {
		if (this.#isOver) return;
		const now = performance.now();
		const left = this.#until - now;
		if (left > coarseMs) this.#timer = after(left - coarseMs, this.#check);
		else {
			this.#immediate = setImmediate(() => {
				const elapsed = performance.now() - now;
				if (elapsed < idleTurnMs) this.idleMs += elapsed;
				// Virtual time stands still meanwhile, and only a timer advances it.
				if (elapsed > 0) this.#check();
				else this.#timer = after(left, this.#check);
			});
		}
	}

	readonly #check = (): void => {
		if (performance.now() >= this.#until) this.#done();
		else this.#go();
	};
}

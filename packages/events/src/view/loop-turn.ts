/** How long a process may work on a view before timers and sockets get their turn, in milliseconds. */
const longestMs = 10;

/**
 * A turn of the event loop. A page of events is worked off in microtasks where the store answers at once, as SQLite
 * does; nothing else in the process would run until its end.
 */
export class LoopTurn {
	#began = performance.now();

	/** True once the turn has lasted for 10 ms. */
	get isOver(): boolean {
		return performance.now() - this.#began >= longestMs;
	}

	/** Lets timers and sockets have their turn if this one is over. */
	async give(): Promise<void> {
		if (!this.isOver) return;
		await new Promise<void>((resolve) => void setImmediate(resolve));
		this.#began = performance.now();
	}
}

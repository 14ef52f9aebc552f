/** The most bytes that go out in one turn of the event loop. */
const mostBytes = 32 * 1024;

/**
 * Shares the event loop between producers. Writes to a socket with room complete within the same turn, so a producer
 * that never waits would otherwise block the loop.
 */
export class Turn {
	#bytes = 0;

	/** Counts sent bytes. Returns true when others should have a turn: then await `next()`. */
	spent(bytes: number): boolean {
		this.#bytes += bytes;
		return this.#bytes >= mostBytes;
	}

	/** Resolves in the next turn. */
	next(): Promise<void> {
		this.#bytes = 0;
		return new Promise((resolve) => {
			setImmediate(resolve);
		});
	}
}

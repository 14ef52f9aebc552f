/** How much goes out in one turn of the event loop at most, in bytes. */
const mostBytes = 32 * 1024;

/**
 * Shares the event loop: a producer that never waits, before a socket that takes all, would have it for itself,
 * as writes to a socket with room complete within the same turn.
 */
export class Turn {
	#bytes = 0;

	/** Counts bytes that go out. True when it is time to let others have a turn: await `next()`. */
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

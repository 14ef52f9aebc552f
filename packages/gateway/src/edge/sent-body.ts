/** How much of a body is kept, so that it can be sent once more, in bytes. */
const mostBytes = 64 * 1024;

/** What was sent of a body, as long as it is small enough to be sent once more. */
export class SentBody {
	#chunks: Buffer[] | undefined = [];
	#bytes = 0;

	add(chunk: Buffer): void {
		this.#bytes += chunk.length;
		if (this.#bytes > mostBytes) this.#chunks = undefined;
		else this.#chunks?.push(chunk);
	}

	/** All that was sent; undefined when it was too much to keep. */
	get chunks(): readonly Buffer[] | undefined {
		return this.#chunks;
	}

	/** Keeps nothing any more: it will not be sent again. */
	forget(): void {
		this.#chunks = undefined;
	}
}

/** How much of a body is kept so that it can be sent a second time, in bytes. */
const mostBytes = 64 * 1024;

/** The bytes of a body that have been sent, as long as they are few enough to be sent a second time. */
export class SentBody {
	#chunks: Buffer[] | undefined = [];
	#bytes = 0;

	add(chunk: Buffer): void {
		this.#bytes += chunk.length;
		if (this.#bytes > mostBytes) this.#chunks = undefined;
		else this.#chunks?.push(chunk);
	}

	/** All bytes that were sent; undefined when they were too many to keep. */
	get chunks(): readonly Buffer[] | undefined {
		return this.#chunks;
	}

	/** Stops keeping bytes: the body will not be sent a second time. */
	forget(): void {
		this.#chunks = undefined;
	}
}

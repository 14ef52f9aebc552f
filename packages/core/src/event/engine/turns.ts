/** Lets one after another have its turn, first come first. */
export class Turns {
	#last: Promise<void> = Promise.resolve();

	/** Resolves when the turn has come, with what ends it. Ending it twice is the same as once. */
	take(): Promise<() => void> {
		const before = this.#last;
		const { promise, resolve } = Promise.withResolvers<void>();
		this.#last = promise;
		return before.then(() => resolve);
	}
}

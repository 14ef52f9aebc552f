import type { Logger } from "../logger/logger.ts";

/** Called when what a table serves has changed. It is told that, not what; it asks the table. */
export type ChangeListener = () => void;

/** Those who want to know that what a table serves has changed. */
export class ChangeListeners {
	readonly #listeners = new Set<ChangeListener>();
	readonly #logger: Logger;

	/** @param logger told of what a listener throws. */
	constructor(logger: Logger) {
		this.#logger = logger;
	}

	/** Adds a listener. Returns what takes it away again. */
	add(listener: ChangeListener): () => void {
		// The same function may listen twice.
		const own = (): void => listener();
		this.#listeners.add(own);
		return () => void this.#listeners.delete(own);
	}

	/** Tells all of them. */
	tell(): void {
		for (const listener of this.#listeners) {
			try {
				listener();
			} catch (error) {
				this.#logger.log("error", "a listener to what is served threw", { error });
			}
		}
	}
}

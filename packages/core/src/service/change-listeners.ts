import type { Logger } from "../logger/logger.ts";

/** Called when the set of served methods has changed. The listener learns the change itself from the table. */
export type ChangeListener = () => void;

/** The listeners to changes of a table's services and routes. */
export class ChangeListeners {
	readonly #listeners = new Set<ChangeListener>();
	readonly #logger: Logger;

	/** @param logger gets the errors that listeners throw. */
	constructor(logger: Logger) {
		this.#logger = logger;
	}

	/** Adds a listener. Returns the function that removes it. */
	add(listener: ChangeListener): () => void {
		// The same function may be added twice.
		const own = (): void => listener();
		this.#listeners.add(own);
		return () => void this.#listeners.delete(own);
	}

	/** Calls all listeners. */
	tell(): void {
		for (const listener of this.#listeners) {
			try {
				listener();
			} catch (error) {
				this.#logger.log("error", "a listener to changes of what is served threw", { error });
			}
		}
	}
}

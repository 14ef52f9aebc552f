import { EventEmitter, once } from "node:events";

/** Wakes callers that wait for a change of a key, such as an account. */
export class Changes {
	readonly #changes = new EventEmitter().setMaxListeners(0);
	#count = 0;

	/** How many changes there were, of all keys. Ask before you look, so that no change is missed. */
	get count(): number {
		return this.#count;
	}

	tell(key: string): void {
		this.#count++;
		this.#changes.emit(`changed ${key}`);
	}

	/** Resolves when a key may have changed since there were `count` changes. Rejects when the signal aborts. */
	async beyond(count: number, key: string, signal: AbortSignal): Promise<void> {
		if (this.#count === count) await once(this.#changes, `changed ${key}`, { signal });
	}
}

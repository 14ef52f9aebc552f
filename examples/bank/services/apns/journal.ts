import { EventEmitter, once } from "node:events";

/** An entry and its place in the journal, counted from 1. */
export type Placed<Entry> = Entry & { readonly position: number };

/** Entries in their order, which callers can read or follow. The journal keeps the latest. */
export class Journal<Entry extends { readonly id: string }> {
	readonly #entries: Placed<Entry>[] = [];
	readonly #capacity: number;
	readonly #changes = new EventEmitter().setMaxListeners(0);
	#length = 0;

	/** @param capacity How many entries it keeps. */
	constructor(capacity: number) {
		this.#capacity = capacity;
	}

	/** Adds an entry, unless it has an entry with that id already. */
	add(entry: Entry): void {
		if (this.#entries.some(({ id }) => id === entry.id)) return;
		this.#entries.push({ ...entry, position: ++this.#length });
		if (this.#entries.length > this.#capacity) this.#entries.shift();
		this.#changes.emit("added");
	}

	/**
	 * Yields the entries after a position, and then each new one as it arrives. A slow follower misses the entries that
	 * are no longer kept, and can tell from the positions.
	 *
	 * @param after Default: the newest, so that only new entries are given.
	 */
	async *follow(after: number | undefined, signal: AbortSignal): AsyncGenerator<Placed<Entry>> {
		let position = after ?? this.#length;
		while (true) {
			const next = this.#entries.find((entry) => entry.position > position);
			if (next === undefined) {
				await once(this.#changes, "added", { signal });
			} else {
				position = next.position;
				yield next;
			}
		}
	}
}

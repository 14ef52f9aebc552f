import { EventEmitter, once } from "node:events";

/** An entry and its place in the journal, counted from 1. */
export type Placed<Entry> = Entry & { readonly position: number };

/** Entries in their order, for some to read and others to follow. It keeps the latest. */
export class Journal<Entry extends { readonly id: string }> {
	readonly #entries: Placed<Entry>[] = [];
	readonly #capacity: number;
	readonly #changes = new EventEmitter().setMaxListeners(0);
	#length = 0;

	/** @param capacity how many entries it keeps. */
	constructor(capacity = 1_000) {
		this.#capacity = capacity;
	}

	/** Adds an entry. One whose id it has already is not added again. */
	add(entry: Entry): Placed<Entry> {
		const known = this.#entries.find(({ id }) => id === entry.id);
		if (known !== undefined) return known;
		const placed = { ...entry, position: ++this.#length };
		this.#entries.push(placed);
		if (this.#entries.length > this.#capacity) this.#entries.shift();
		this.#changes.emit("added");
		return placed;
	}

	/** The newest entries, newest first. */
	latest(count: number): Placed<Entry>[] {
		return this.#entries.slice(-count).reverse();
	}

	/**
	 * The entries behind a position, then each further one as it comes. Who follows slowly misses those that are
	 * no longer kept; the positions tell.
	 *
	 * @param after Default: the newest, so that only what comes from now on is given.
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

/** An entry of a {@link StreamTable}. */
export interface Numbered {
	readonly stream: { readonly id: number };
}

/** The number of places that a table begins with, and the number to which it may grow. Both are powers of two. */
const fewestPlaces = 8;
const mostPlaces = 4096;

/**
 * The open streams of a connection by their ids, which only ever rise.
 *
 * Most streams end soon, so each takes the place that its id points at, in an array that is used round and round. A
 * stream that stays while the ids come round again moves to a map. A map alone would burden the garbage collector:
 * as calls pass through it, the map allocates new tables all the time, and an old table that has reached the old
 * generation keeps every call that it ever held from being freed cheaply.
 */
export class StreamTable<Entry extends Numbered> {
	#places: (Entry | undefined)[] = new Array(fewestPlaces).fill(undefined);
	/** Turns an id into its place. */
	#mask = fewestPlaces - 1;
	readonly #lasting = new Map<number, Entry>();
	/** How many streams there are. */
	size = 0;

	get(id: number): Entry | undefined {
		const entry = this.#places[id & this.#mask];
		if (entry !== undefined && entry.stream.id === id) return entry;
		return this.#lasting.size === 0 ? undefined : this.#lasting.get(id);
	}

	/** Adds a stream, whose id must not have been used before. */
	add(entry: Entry): void {
		const { id } = entry.stream;
		this.size++;
		let older = this.#places[id & this.#mask];
		if (older !== undefined && this.size * 2 > this.#places.length) {
			this.#grow();
			older = this.#places[id & this.#mask];
		}
		if (older !== undefined) this.#lasting.set(older.stream.id, older);
		this.#places[id & this.#mask] = entry;
	}

	/** Returns whether the stream was there. */
	delete(id: number): boolean {
		const place = id & this.#mask;
		if (this.#places[place]?.stream.id === id) this.#places[place] = undefined;
		else if (this.#lasting.size === 0 || !this.#lasting.delete(id)) return false;
		this.size--;
		return true;
	}

	clear(): void {
		this.#places = new Array(fewestPlaces).fill(undefined);
		this.#mask = fewestPlaces - 1;
		this.#lasting.clear();
		this.size = 0;
	}

	/** All streams. They may be deleted while this iterates. */
	*values(): IterableIterator<Entry> {
		yield* this.#lasting.values();
		for (const entry of this.#places) if (entry !== undefined) yield entry;
	}

	/** Doubles the places. Streams that did not share a place before do not share one now. */
	#grow(): void {
		if (this.#places.length === mostPlaces) return;
		const places: (Entry | undefined)[] = new Array(this.#places.length * 2).fill(undefined);
		this.#mask = places.length - 1;
		for (const entry of this.#places) {
			if (entry !== undefined) places[entry.stream.id & this.#mask] = entry;
		}
		this.#places = places;
	}
}

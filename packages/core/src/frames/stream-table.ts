/** What a table of streams holds. */
export interface Numbered {
	readonly stream: { readonly id: number };
}

/** The places that a table begins with, and those that it grows to at most. Both are powers of two. */
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
	readonly #lasting = new Map<number, Entry>();
	#size = 0;

	get size(): number {
		return this.#size;
	}

	get(id: number): Entry | undefined {
		const entry = this.#at(id);
		if (entry !== undefined && entry.stream.id === id) return entry;
		return this.#lasting.size === 0 ? undefined : this.#lasting.get(id);
	}

	/** Adds a stream, whose id must not have been used before. */
	add(entry: Entry): void {
		const { id } = entry.stream;
		this.#size++;
		if (this.#at(id) !== undefined && this.#size * 2 > this.#places.length) this.#grow();
		const older = this.#at(id);
		if (older !== undefined) this.#lasting.set(older.stream.id, older);
		this.#put(id, entry);
	}

	/** Returns whether the stream was there. */
	delete(id: number): boolean {
		if (this.#at(id)?.stream.id === id) this.#put(id, undefined);
		else if (this.#lasting.size === 0 || !this.#lasting.delete(id)) return false;
		this.#size--;
		return true;
	}

	clear(): void {
		this.#places = new Array(fewestPlaces).fill(undefined);
		this.#lasting.clear();
		this.#size = 0;
	}

	/** All streams. They may be deleted while this iterates. */
	*values(): IterableIterator<Entry> {
		yield* this.#lasting.values();
		for (const entry of this.#places) if (entry !== undefined) yield entry;
	}

	#at(id: number): Entry | undefined {
		return this.#places[id & (this.#places.length - 1)];
	}

	#put(id: number, entry: Entry | undefined): void {
		this.#places[id & (this.#places.length - 1)] = entry;
	}

	/** Doubles the places. Streams that did not share a place before do not share one now. */
	#grow(): void {
		if (this.#places.length === mostPlaces) return;
		const places: (Entry | undefined)[] = new Array(this.#places.length * 2).fill(undefined);
		for (const entry of this.#places)
			if (entry !== undefined) places[entry.stream.id & (places.length - 1)] = entry;
		this.#places = places;
	}
}

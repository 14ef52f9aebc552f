/** What a table of streams holds. */
export interface Numbered {
	readonly stream: { readonly id: number };
}

/** A table begins with so many places, and grows to so many; both are powers of two. */
const fewestPlaces = 8;
const mostPlaces = 4096;

/**
 * The open streams of a connection by their ids, which only ever rise.
 *
 * Most streams end soon, so each takes the place that its id points at, in an array that is used round and
 * round. One that stays while the ids come round again moves to a map. A map alone would do, but for the
 * garbage collector: one that calls pass through is made anew all the time, and its old tables, once they are
 * in the old generation, keep all the calls that they ever held from being freed cheaply.
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

	/** Takes in a stream whose id was never here. */
	add(entry: Entry): void {
		const { id } = entry.stream;
		this.#size++;
		if (this.#at(id) !== undefined && this.#size * 2 > this.#places.length) this.#grow();
		const older = this.#at(id);
		if (older !== undefined) this.#lasting.set(older.stream.id, older);
		this.#put(id, entry);
	}

	/** Whether it was there. */
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

	/** All of them; what is deleted on the way does not disturb. */
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

	/** Twice the places: those that shared none before share none now. */
	#grow(): void {
		if (this.#places.length === mostPlaces) return;
		const places: (Entry | undefined)[] = new Array(this.#places.length * 2).fill(undefined);
		for (const entry of this.#places)
			if (entry !== undefined) places[entry.stream.id & (places.length - 1)] = entry;
		this.#places = places;
	}
}

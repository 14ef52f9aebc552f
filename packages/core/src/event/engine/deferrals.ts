import type { Deferred } from "../group-state.ts";
import type { Cursor } from "../log.ts";
import { DueHeap } from "./due-heap.ts";

/** The deferred events of a lane, which wait for their time or are parked. */
export class Deferrals {
	readonly #entries = new Map<string, Deferred>();
	/** Entries that were replaced or removed stay in here until they are due. */
	#due = new DueHeap<Deferred>();
	/** The ids of the entries that are being tried. */
	readonly #taken = new Set<string>();

	/** How many there are: held keys, and single events. */
	get size(): number {
		return this.#entries.size;
	}

	/** When the next is due, in milliseconds since 1970; Infinity without one. */
	get due(): number {
		this.#skipStale();
		return this.#due.due;
	}

	/** The first event in the log that is deferred; undefined without one. */
	get first(): Cursor | undefined {
		let first: Cursor | undefined;
		for (const { cursor } of this.#entries.values()) {
			if (first === undefined || cursor < first) first = cursor;
		}
		return first;
	}

	all(): IterableIterator<Deferred> {
		return this.#entries.values();
	}

	get(id: string): Deferred | undefined {
		return this.#entries.get(id);
	}

	/** Adds an entry, or puts it in the place of the one with its id. It is not being tried any more. */
	put(entry: Deferred): void {
		this.#entries.set(entry.id, entry);
		this.#taken.delete(entry.id);
		if (entry.due !== "parked") this.#wait(entry.due, entry);
	}

	/** Puts an entry that goes on being tried in the place of the one with its id. */
	move(entry: Deferred): void {
		this.#entries.set(entry.id, entry);
	}

	delete(id: string): void {
		this.#entries.delete(id);
		this.#taken.delete(id);
	}

	/** The next one that is due, to be tried. It is not given again until it is put back. */
	takeDue(now: number): Deferred | undefined {
		this.#skipStale();
		if (this.#due.due > now) return undefined;
		const entry = this.#due.pop();
		if (entry !== undefined) this.#taken.add(entry.id);
		return entry;
	}

	/** Takes over what operators made of parked ones: only they make something due at 0. */
	merge(edited: readonly Deferred[]): void {
		for (const entry of edited) {
			if (entry.due === 0 && this.#entries.get(entry.id)?.due === "parked") this.put(entry);
		}
	}

	#wait(due: number, entry: Deferred): void {
		this.#due.push(due, entry);
		// Each entry waits once, so that most of the others are stale.
		if (this.#due.size < 64 || this.#due.size <= 2 * this.#entries.size) return;
		this.#due = new DueHeap();
		for (const each of this.#entries.values()) {
			if (each.due !== "parked" && !this.#taken.has(each.id)) this.#due.push(each.due, each);
		}
	}

	#skipStale(): void {
		for (let { first } = this.#due; first !== undefined; { first } = this.#due) {
			if (this.#entries.get(first.id) === first && !this.#taken.has(first.id)) return;
			this.#due.pop();
		}
	}
}

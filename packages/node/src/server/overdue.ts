/** One thing that must be done in time. */
export interface Due {
	/** It is done. Saying so twice is the same as once. */
	done(): void;
}

/**
 * Things that must be done within the same time, such as bodies that must arrive: one timer for all, so that
 * adding and taking away cost no more than a place in a list.
 */
export class Overdue<Item> {
	readonly #milliseconds: number;
	readonly #expire: (item: Item) => void;
	/** All have the same time, so the first is due first. A ring through this entry, which is none itself. */
	readonly #ring = new Entry<Item>(undefined, Number.POSITIVE_INFINITY);
	#timer: ReturnType<typeof setTimeout> | undefined;

	/** @param expire called once with what was not done within so many milliseconds. */
	constructor(milliseconds: number, expire: (item: Item) => void) {
		this.#milliseconds = milliseconds;
		this.#expire = expire;
	}

	add(item: Item): Due {
		const entry = new Entry(item, performance.now() + this.#milliseconds);
		entry.insertBefore(this.#ring);
		this.#timer ??= setTimeout(this.#sweep, this.#milliseconds);
		return entry;
	}

	/** Lets all of it expire now. */
	expireAll(): void {
		this.#expireUntil(Number.MAX_VALUE);
	}

	/** Forgets everything and ends the timer. */
	close(): void {
		while (this.#ring.next !== this.#ring) this.#ring.next.done();
		clearTimeout(this.#timer);
		this.#timer = undefined;
	}

	readonly #sweep = (): void => {
		this.#timer = undefined;
		const now = performance.now();
		this.#expireUntil(now);
		const { due } = this.#ring.next;
		if (due !== Number.POSITIVE_INFINITY) this.#timer ??= setTimeout(this.#sweep, Math.ceil(due - now));
	};

	#expireUntil(moment: number): void {
		for (let first = this.#ring.next; first.due <= moment; first = this.#ring.next) {
			first.done();
			if (first.item !== undefined) this.#expire(first.item);
		}
	}
}

/** An item in the ring of all. Out of it, it points at itself alone, so that what is dead keeps nothing alive. */
class Entry<Item> implements Due {
	readonly item: Item | undefined;
	readonly due: number;
	next: Entry<Item> = this;
	#previous: Entry<Item> = this;

	constructor(item: Item | undefined, due: number) {
		this.item = item;
		this.due = due;
	}

	insertBefore(next: Entry<Item>): void {
		this.next = next;
		this.#previous = next.#previous;
		next.#previous.next = this;
		next.#previous = this;
	}

	done(): void {
		this.#previous.next = this.next;
		this.next.#previous = this.#previous;
		this.next = this;
		this.#previous = this;
	}
}

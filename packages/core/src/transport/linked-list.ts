/** The place of one item in a list. */
export interface Place {
	/** Takes the item out. Doing it twice is the same as once. */
	leave(): void;
}

/**
 * Items that come and go by the million, such as calls in flight, in the order in which they came. A `Set` that
 * they pass through is made anew all the time, and its old tables, once they are in the old generation of the
 * garbage collector, keep all that they ever held alive until it is collected, too. Here, what has left points
 * at nothing.
 */
export class LinkedList<Item> {
	/** Ring of all places, through this one, which is nobody's. */
	readonly #ends = new Link<Item>();

	/** The item that has been here longest. */
	get first(): Item | undefined {
		return this.#ends.next.item;
	}

	/** All items, the one that has been here longest first: a copy, which does not mind when some leave. */
	all(): Item[] {
		const items: Item[] = [];
		for (let { item, next } = this.#ends.next; item !== undefined; { item, next } = next) items.push(item);
		return items;
	}

	/** Adds an item behind all others. */
	add(item: Item): Place {
		const link = new Link(item);
		link.enterBefore(this.#ends);
		return link;
	}

	/** Takes out the item that has been here longest. */
	shift(): Item | undefined {
		const { next } = this.#ends;
		const { item } = next;
		next.leave();
		return item;
	}
}

class Link<Item> implements Place {
	item: Item | undefined;
	next: Link<Item> = this;
	#previous: Link<Item> = this;

	constructor(item?: Item) {
		this.item = item;
	}

	enterBefore(next: Link<Item>): void {
		this.next = next;
		this.#previous = next.#previous;
		next.#previous.next = this;
		next.#previous = this;
	}

	leave(): void {
		this.#previous.next = this.next;
		this.next.#previous = this.#previous;
		this.next = this;
		this.#previous = this;
		this.item = undefined;
	}
}

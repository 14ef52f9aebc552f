/** The place of one item in a list. */
export interface Place {
	/** Removes the item. A second call has no further effect. */
	leave(): void;
}

/**
 * Items that come and go by the million, such as calls in flight, in the order in which they came. A `Set` in their
 * place would rebuild its table all the time. Old tables, once they are in the old generation of the garbage
 * collector, keep everything that they ever held alive until they are collected themselves. In this list, a removed
 * item points at nothing.
 */
export class LinkedList<Item> {
	/** The ring of all places passes through this one, which holds no item. */
	readonly #ends = new Link<Item>();

	/** The item that has been here longest. */
	get first(): Item | undefined {
		return this.#ends.next.item;
	}

	/** A copy of all items, the oldest first. Items may leave the list while the copy is used. */
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

	/** Removes the item that has been here longest. */
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

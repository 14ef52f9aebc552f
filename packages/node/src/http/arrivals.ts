/**
 * Things that arrive in one turn of the event loop, such as requests. They are taken up together when the turn has read
 * all bytes that were there. A callback of the event loop for each of them would cost more than taking them up.
 */
export class Arrivals<Item> {
	readonly #take: (item: Item) => void;
	#items: Item[] = [];

	/** @param take takes up one item. If it throws, the other items are taken up all the same. */
	constructor(take: (item: Item) => void) {
		this.#take = take;
	}

	add(item: Item): void {
		if (this.#items.push(item) === 1) setImmediate(this.#takeAll);
	}

	readonly #takeAll = (): void => {
		const items = this.#items;
		this.#items = [];
		let taken = 0;
		try {
			while (taken < items.length) this.#take(items[taken++] as Item);
		} finally {
			for (const left of items.slice(taken)) this.add(left);
		}
	};
}

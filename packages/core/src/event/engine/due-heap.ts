interface Entry<Item> {
	readonly due: number;
	readonly item: Item;
}

/** Items by the time at which they are due, the earliest first. */
export class DueHeap<Item> {
	readonly #entries: Entry<Item>[] = [];

	get size(): number {
		return this.#entries.length;
	}

	/** When the first is due; Infinity without one. */
	get due(): number {
		return this.#entries[0]?.due ?? Number.POSITIVE_INFINITY;
	}

	get first(): Item | undefined {
		return this.#entries[0]?.item;
	}

	push(due: number, item: Item): void {
		const entries = this.#entries;
		const entry = { due, item };
		let index = entries.push(entry) - 1;
		while (index > 0) {
			const above = (index - 1) >> 1;
			const parent = entries[above];
			if (parent === undefined || parent.due <= due) break;
			entries[index] = parent;
			index = above;
		}
		entries[index] = entry;
	}

	pop(): Item | undefined {
		const entries = this.#entries;
		const first = entries[0];
		const last = entries.pop();
		if (last !== undefined && entries.length > 0) this.#sink(last);
		return first?.item;
	}

	/** Puts an entry at the top, and lets it sink to its place. */
	#sink(entry: Entry<Item>): void {
		const entries = this.#entries;
		let index = 0;
		for (;;) {
			let below = 2 * index + 1;
			let child = entries[below];
			const right = entries[below + 1];
			if (child !== undefined && right !== undefined && right.due < child.due) {
				child = right;
				below++;
			}
			if (child === undefined || child.due >= entry.due) break;
			entries[index] = child;
			index = below;
		}
		entries[index] = entry;
	}
}

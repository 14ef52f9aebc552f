/**
 * Things that must be done within the same time, such as bodies that must arrive: one timer for all, so that
 * adding and taking away cost no more than an entry of a map.
 */
export class Overdue<Item extends object> {
	readonly #milliseconds: number;
	readonly #expire: (item: Item) => void;
	/** When each is overdue. All have the same time, so the oldest comes first. */
	readonly #due = new Map<Item, number>();
	#timer: ReturnType<typeof setTimeout> | undefined;

	/** @param expire called once with what was not deleted within so many milliseconds. */
	constructor(milliseconds: number, expire: (item: Item) => void) {
		this.#milliseconds = milliseconds;
		this.#expire = expire;
	}

	add(item: Item): void {
		this.#due.set(item, performance.now() + this.#milliseconds);
		this.#timer ??= setTimeout(this.#sweep, this.#milliseconds);
	}

	delete(item: Item): void {
		this.#due.delete(item);
	}

	/** Lets all of it expire now. */
	expireAll(): void {
		for (const item of this.#due.keys()) this.#end(item);
	}

	/** Forgets everything and ends the timer. */
	close(): void {
		this.#due.clear();
		clearTimeout(this.#timer);
		this.#timer = undefined;
	}

	readonly #sweep = (): void => {
		this.#timer = undefined;
		const now = performance.now();
		for (const [item, due] of this.#due) {
			if (due > now) {
				this.#timer = setTimeout(this.#sweep, Math.ceil(due - now));
				return;
			}
			this.#end(item);
		}
	};

	#end(item: Item): void {
		this.#due.delete(item);
		this.#expire(item);
	}
}

import type { Delayed } from "./group-state.ts";
import type { Cursor } from "./log.ts";

/** Delayed events of a lane, the earliest first. Due events are found without a look at the others. */
export class DelayedEvents {
	readonly #dues = new Map<Cursor, number>();
	readonly #ordered: Delayed[] = [];

	get size(): number {
		return this.#ordered.length;
	}

	/** Adds an event behind the events of the same time. An event that is there already gets the new time. */
	add({ cursor, due }: Delayed): void {
		this.delete(cursor);
		this.#dues.set(cursor, due);
		this.#ordered.splice(
			this.#count((each) => each <= due),
			0,
			{ cursor, due },
		);
	}

	delete(cursor: Cursor): void {
		const due = this.#dues.get(cursor);
		if (due === undefined) return;
		this.#dues.delete(cursor);
		let index = this.#count((each) => each < due);
		while (index < this.#ordered.length && this.#ordered[index]?.cursor !== cursor) index++;
		this.#ordered.splice(index, 1);
	}

	/** The earliest events that are due before a time. */
	before(time: number, limit: number): readonly Delayed[] {
		return this.#ordered.slice(
			0,
			Math.min(
				limit,
				this.#count((due) => due < time),
			),
		);
	}

	/** How many events have a time that is early enough. */
	#count(isEarly: (due: number) => boolean): number {
		let [low, high] = [0, this.#ordered.length];
		while (low < high) {
			const middle = (low + high) >>> 1;
			if (isEarly(this.#ordered[middle]?.due ?? Number.POSITIVE_INFINITY)) low = middle + 1;
			else high = middle;
		}
		return low;
	}
}

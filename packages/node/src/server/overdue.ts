import { after, LinkedList, type Place, type Timer } from "@allium/core/transport";

/** A thing, and the time when it is overdue. */
interface Pending<Item> {
	readonly item: Item;
	readonly due: number;
}

/**
 * Things that must be done within the same time, such as bodies that must arrive. One timer serves all of them, so
 * adding and removing a thing costs no more than a place in a list.
 */
export class Overdue<Item> {
	readonly #milliseconds: number;
	readonly #expire: (item: Item) => void;
	/** All things have the same time, so the first one is due first. */
	readonly #pending = new LinkedList<Pending<Item>>();
	#timer: Timer | undefined;

	/** @param expire called once with each thing that has not left within the given milliseconds. */
	constructor(milliseconds: number, expire: (item: Item) => void) {
		this.#milliseconds = milliseconds;
		this.#expire = expire;
	}

	/** Adds a thing. It leaves when it is done. */
	add(item: Item): Place {
		this.#timer ??= after(this.#milliseconds, this.#sweep);
		return this.#pending.add({ item, due: performance.now() + this.#milliseconds });
	}

	/** Expires all things now. */
	expireAll(): void {
		for (let next = this.#pending.shift(); next !== undefined; next = this.#pending.shift()) {
			this.#expire(next.item);
		}
	}

	/** Forgets all things, and ends the timer. */
	close(): void {
		while (this.#pending.shift() !== undefined);
		this.#timer?.stop();
		this.#timer = undefined;
	}

	readonly #sweep = (): void => {
		this.#timer = undefined;
		const now = performance.now();
		for (let { first } = this.#pending; first !== undefined; { first } = this.#pending) {
			if (first.due > now) {
				this.#timer ??= after(Math.ceil(first.due - now), this.#sweep);
				return;
			}
			this.#pending.shift();
			this.#expire(first.item);
		}
	};
}

import type { Delayed } from "../group-state.ts";
import type { Cursor } from "../log.ts";
import { DueHeap } from "./due-heap.ts";

/** How many delayed events of a lane are asked for at once. */
export const delaysAtOnce = 256;

/** How many delayed events are in memory at most. Beyond that, the later ones are forgotten and requested again. */
const mostDelays: number = 4 * delaysAtOnce;

/** The next delayed events of a lane. All others are in the state of the group alone. */
export class Delays {
	#waiting = new DueHeap<Delayed>();
	/** All events that are due before this time are in memory. The others may not be, as many may be due at this time. */
	#horizon = Number.NEGATIVE_INFINITY;
	/** The events that are in memory or being handled. */
	readonly #known = new Set<Cursor>();
	/** The events that are added while the group's state is being queried. */
	#meanwhile: Delayed[] | undefined;
	/** The events that have ended since the group's state was queried. Its answer may still contain them. */
	#over: Cursor[] = [];

	/** When the next is due, in milliseconds since 1970; Infinity without one. */
	get due(): number {
		return this.#waiting.due;
	}

	/** Whether the state of the group may have more events than this. */
	get needsMore(): boolean {
		return (
			this.#meanwhile === undefined && this.#waiting.size === 0 && this.#horizon !== Number.POSITIVE_INFINITY
		);
	}

	add(delayed: Delayed): void {
		if (this.#meanwhile !== undefined) this.#meanwhile.push(delayed);
		else if (delayed.due < this.#horizon) this.#insert(delayed);
	}

	/** Call it before the state of the group is queried, once all added events are saved. */
	ask(): void {
		this.#meanwhile = [];
	}

	/**
	 * Takes the answer of the group's state: the earliest delayed events, at most `delaysAtOnce`. Undefined if it did not
	 * answer.
	 */
	told(delayed: readonly Delayed[] | undefined): void {
		const meanwhile = this.#meanwhile ?? [];
		this.#meanwhile = undefined;
		if (delayed !== undefined) {
			const last = delayed.length < delaysAtOnce ? undefined : delayed.at(-1);
			this.#horizon = last?.due ?? Number.POSITIVE_INFINITY;
			for (const each of delayed) this.#insert(each);
		}
		for (const each of meanwhile) this.add(each);
		for (const cursor of this.#over) this.#known.delete(cursor);
		this.#over = [];
	}

	/** The next one that is due, to be handled. It is not given again. */
	takeDue(now: number): Delayed | undefined {
		return this.#waiting.due <= now ? this.#waiting.pop() : undefined;
	}

	/** Puts back an event that was taken but could not be handled yet. */
	putBack(delayed: Delayed): void {
		this.#waiting.push(delayed.due, delayed);
	}

	/** Forgets an event that was taken and has ended. */
	forget(cursor: Cursor): void {
		if (this.#meanwhile === undefined) this.#known.delete(cursor);
		else this.#over.push(cursor);
	}

	#insert(delayed: Delayed): void {
		if (this.#known.has(delayed.cursor)) return;
		this.#known.add(delayed.cursor);
		this.#waiting.push(delayed.due, delayed);
		if (this.#waiting.size > mostDelays) this.#trim();
	}

	#trim(): void {
		const kept = new DueHeap<Delayed>();
		while (kept.size < delaysAtOnce) {
			const next = this.#waiting.pop();
			if (next === undefined) break;
			kept.push(next.due, next);
			this.#horizon = next.due;
		}
		for (let next = this.#waiting.pop(); next !== undefined; next = this.#waiting.pop()) {
			this.#known.delete(next.cursor);
		}
		this.#waiting = kept;
	}
}

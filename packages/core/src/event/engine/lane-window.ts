import type { Cursor } from "../log.ts";

/** A place in the window: an event that was read, or an event that an earlier holder settled ahead. */
export interface WindowPlace {
	readonly cursor: Cursor;
	settled: boolean;
}

/** Settled places are removed from the array once there are this many, so that removing is cheap. */
const mostRemoved = 256;

/**
 * The events of a lane that were read behind its cursor, in the order of the log. The cursor passes settled events, and
 * stops before the first event that is not settled.
 */
export class LaneWindow {
	#cursor: Cursor;
	#read: Cursor;
	#places: WindowPlace[] = [];
	/** The index of the first place that was not passed. */
	#first = 0;
	/** The events that were settled ahead before the lane was claimed, and have not been read again yet. */
	readonly #ahead: Set<Cursor>;
	/** The last of these events. */
	readonly #lastAhead: Cursor;

	constructor(cursor: Cursor, ahead: readonly Cursor[]) {
		this.#cursor = cursor;
		this.#read = cursor;
		this.#ahead = new Set(ahead);
		this.#lastAhead = ahead.reduce((last, each) => (each > last ? each : last), cursor);
	}

	/** All events up to here are settled. */
	get cursor(): Cursor {
		return this.#cursor;
	}

	/** All events up to here were read. */
	get read(): Cursor {
		return this.#read;
	}

	/** The first event that is not settled; undefined without one. */
	get first(): Cursor | undefined {
		return this.#places[this.#first]?.cursor;
	}

	/** How many places the cursor has not passed. */
	get length(): number {
		return this.#places.length - this.#first;
	}

	/** Whether all events that were settled ahead before the lane was claimed have been read again. */
	get hasMetAhead(): boolean {
		return this.#read >= this.#lastAhead;
	}

	/** Whether an event was settled before the lane was claimed. It then has its place already. */
	wasSettledAhead(cursor: Cursor): boolean {
		if (this.#ahead.size === 0 || !this.#ahead.delete(cursor)) return false;
		this.add({ cursor, settled: true });
		return true;
	}

	/** Adds the next place. */
	add(place: WindowPlace): void {
		this.#places.push(place);
		this.#advance();
	}

	settle(place: WindowPlace): void {
		place.settled = true;
		this.#advance();
	}

	/** The log was read up to here: there is nothing more in between. */
	readTo(cursor: Cursor): void {
		if (cursor <= this.#read) return;
		this.#read = cursor;
		// The log no longer keeps an event that was not met up to here.
		for (const each of this.#ahead) if (each <= cursor) this.#ahead.delete(each);
		if (this.length === 0) this.#cursor = cursor;
	}

	/** The settled events behind the cursor. */
	ahead(): Cursor[] {
		const ahead: Cursor[] = [];
		for (let index = this.#first; index < this.#places.length; index++) {
			const place = this.#places[index];
			if (place?.settled === true) ahead.push(place.cursor);
		}
		for (const cursor of this.#ahead) ahead.push(cursor);
		return ahead;
	}

	#advance(): void {
		for (;;) {
			const place = this.#places[this.#first];
			if (place === undefined || !place.settled) break;
			this.#cursor = place.cursor;
			this.#first++;
		}
		if (this.length === 0) {
			this.#places = [];
			this.#first = 0;
			if (this.#read > this.#cursor) this.#cursor = this.#read;
		} else if (this.#first > mostRemoved) {
			this.#places.splice(0, this.#first);
			this.#first = 0;
		}
	}
}

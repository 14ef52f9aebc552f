import {
	type Cursor,
	type Cursors,
	type Page,
	type PageBounds,
	type Placed,
	positionOf,
} from "@allium/core/event";

/** A page that is being filled. */
export class PageInMaking implements Page {
	readonly events: Placed[] = [];
	readonly next: Map<number, Cursor>;
	readonly lost: number[] = [];
	readonly #bounds: PageBounds;
	#bytes = 0;

	constructor(after: Cursors, bounds: PageBounds) {
		this.next = new Map(after);
		this.#bounds = bounds;
	}

	/** The only key whose events are wanted. */
	get key(): string | undefined {
		return this.#bounds.key;
	}

	get eventsLeft(): number {
		return this.#bounds.events - this.events.length;
	}

	get bytesLeft(): number {
		return this.#bounds.bytes - this.#bytes;
	}

	get hasRoom(): boolean {
		return this.events.length === 0 || (this.eventsLeft > 0 && this.bytesLeft > 0);
	}

	/** Whether it is worth looking further. Events of one key may lie far apart. */
	get wantsMore(): boolean {
		return this.events.length === 0 || (this.key !== undefined && this.hasRoom);
	}

	add(placed: Placed): void {
		this.next.set(placed.lane, placed.cursor);
		if (this.key !== undefined && placed.event.key !== this.key) return;
		this.events.push(placed);
		this.#bytes += placed.bytes;
	}

	/** Says that a lane is read up to a place, whether or not there was an event of it. */
	advance(lane: number, cursor: Cursor): void {
		if (positionOf(this.next.get(lane) ?? "") < positionOf(cursor)) this.next.set(lane, cursor);
	}

	/** Says that events of a lane are gone, up to a place. */
	lose(lane: number, cursor: Cursor): void {
		this.lost.push(lane);
		this.advance(lane, cursor);
	}
}

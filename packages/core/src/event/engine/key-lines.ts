import type { EventInHand } from "./event-in-hand.ts";
import { EventQueue } from "./event-queue.ts";

/** The events of one key that are in hand. */
class KeyLine {
	/** The one that is ready, or is being handled. */
	active: EventInHand | undefined;
	isHeld = false;
	/** In the order of the log. None while the key is held. */
	readonly waiting = new EventQueue();
	/** Deferred and delayed events: they have no place in the order, but they never overlap with another of the key. */
	readonly free = new EventQueue();
}

/**
 * Which events of a lane may be handled: of one key one after another, without a key at once. A key is held while it
 * has a deferred event; then its events are not taken, and are read again from the log later.
 */
export class KeyLines {
	readonly #lines = new Map<string, KeyLine>();
	readonly #ready: (event: EventInHand) => void;

	/** @param ready told of each event when it may be handled. */
	constructor(ready: (event: EventInHand) => void) {
		this.#ready = ready;
	}

	/** How many keys have an event in hand, or are held. */
	get size(): number {
		return this.#lines.size;
	}

	isHeld(key: string): boolean {
		return this.#lines.get(key)?.isHeld === true;
	}

	/** Takes the next event of the log. Returns false when its key is held. */
	take(event: EventInHand): boolean {
		const { key } = event.event;
		if (key === undefined) {
			this.#ready(event);
			return true;
		}
		const line = this.#line(key);
		if (line.isHeld) return false;
		if (line.active === undefined) this.#activate(line, event);
		else line.waiting.push(event);
		return true;
	}

	/** Takes an event that has no place in the order of its key, or is the first of a held one. */
	takeFree(event: EventInHand): void {
		const { key } = event.event;
		if (key === undefined) {
			this.#ready(event);
			return;
		}
		const line = this.#line(key);
		if (line.active === undefined) this.#activate(line, event);
		else line.free.push(event);
	}

	/** An event that was ready is over: the next of its key may be handled. */
	finish({ event: { key } }: EventInHand): void {
		if (key === undefined) return;
		const line = this.#lines.get(key);
		if (line === undefined) return;
		line.active = undefined;
		const next = line.free.shift() ?? line.waiting.shift();
		if (next !== undefined) this.#activate(line, next);
		else if (!line.isHeld) this.#lines.delete(key);
	}

	/** Holds a key. Its events that wait are given back, in order, to be passed over. */
	hold(key: string, passOver: (event: EventInHand) => void): void {
		const line = this.#line(key);
		line.isHeld = true;
		for (let event = line.waiting.shift(); event !== undefined; event = line.waiting.shift()) passOver(event);
	}

	/** The key goes on with the events that are taken from now on. */
	letGo(key: string): void {
		const line = this.#lines.get(key);
		if (line === undefined) return;
		line.isHeld = false;
		if (line.active === undefined) this.#lines.delete(key);
	}

	#activate(line: KeyLine, event: EventInHand): void {
		line.active = event;
		this.#ready(event);
	}

	#line(key: string): KeyLine {
		let line = this.#lines.get(key);
		if (line === undefined) {
			line = new KeyLine();
			this.#lines.set(key, line);
		}
		return line;
	}
}

import { LinkedList, type Place } from "../transport/linked-list.ts";

/** A message that goes out in fragments. */
export interface Fragments {
	/** What the other side holds of it at most while it is not whole, unless it wants more: 0 for a single fragment. */
	readonly heldBytes: number;
	/** Where it waits for others; undefined when it has begun. */
	waiting: Place | undefined;
	/** Sends the next fragment. Returns whether there is more to send, and window to send it. */
	sendNext(): boolean;
}

/**
 * Messages that go out in fragments, in turns. The other side holds so many bytes of unfinished messages: one that
 * would be too much does not begin until others are whole, and nobody that comes later overtakes it, but for
 * messages that are a single fragment.
 */
export class FragmentQueue {
	/** Those that may send, in turns; single fragments have every second turn, as they would wait for long otherwise. */
	#ring: Fragments[] = [];
	#singles: Fragments[] = [];
	#singlesTurn = true;
	readonly #waiting = new LinkedList<Fragments>();
	/** What the other side may hold of those that have begun. */
	#heldBytes = 0;
	/** How much it may hold in all. */
	maxHeldBytes = 0;

	/** Whether one may send. */
	get ready(): boolean {
		return this.#ring.length > 0 || this.#singles.length > 0;
	}

	/** Takes a message in. */
	add(message: Fragments): void {
		const waits = message.heldBytes > 0 && (this.#waiting.first !== undefined || !this.#hasRoomFor(message));
		if (waits) message.waiting = this.#waiting.add(message);
		else this.#begin(message);
	}

	/** A message that has begun may send again. */
	resume(message: Fragments): void {
		const line = this.#lineOf(message);
		if (message.waiting === undefined && !line.includes(message)) line.push(message);
	}

	/** Sends the next fragment of the message whose turn it is. */
	sendNext(): void {
		const isSingle = this.#singles.length > 0 && (this.#singlesTurn || this.#ring.length === 0);
		this.#singlesTurn = !isSingle;
		const message = (isSingle ? this.#singles : this.#ring).shift();
		if (message?.sendNext() === true) this.#lineOf(message).push(message);
	}

	/** A message has gone out, or will never. */
	leave(message: Fragments): void {
		if (message.waiting === undefined) this.#heldBytes -= message.heldBytes;
		message.waiting?.leave();
		message.waiting = undefined;
		for (let next = this.#waiting.first; next !== undefined; next = this.#waiting.first) {
			if (!this.#hasRoomFor(next)) return;
			this.#waiting.shift();
			this.#begin(next);
		}
	}

	clear(): void {
		this.#ring = [];
		this.#singles = [];
		while (this.#waiting.shift() !== undefined);
	}

	#begin(message: Fragments): void {
		message.waiting = undefined;
		this.#heldBytes += message.heldBytes;
		this.#lineOf(message).push(message);
	}

	#lineOf({ heldBytes }: Fragments): Fragments[] {
		return heldBytes === 0 ? this.#singles : this.#ring;
	}

	/** One at least may always begin. */
	#hasRoomFor({ heldBytes }: Fragments): boolean {
		return this.#heldBytes === 0 || this.#heldBytes + heldBytes <= this.maxHeldBytes;
	}
}

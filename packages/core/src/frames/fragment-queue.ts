import { LinkedList, type Place } from "../transport/linked-list.ts";

/** A message that goes out in fragments. */
export interface Fragments {
	/** The most bytes that the other side holds of it while it is not whole, unless it wants more: 0 for a single fragment. */
	readonly heldBytes: number;
	/** Its place while it waits for others; undefined when it has begun. */
	waiting: Place | undefined;
	/** Sends the next fragment. Returns whether there is more to send, and window to send it. */
	sendNext(): boolean;
}

/**
 * Messages that go out in fragments, in turns. The other side holds a limited number of bytes of unfinished messages:
 * a message that would be too much does not begin until others are whole. No later message overtakes it, except
 * messages that are a single fragment.
 */
export class FragmentQueue {
	/** The messages that may send, in turns. Single fragments have every second turn; otherwise they would wait long. */
	#ring: Fragments[] = [];
	#singles: Fragments[] = [];
	#singlesTurn = true;
	readonly #waiting = new LinkedList<Fragments>();
	/** The bytes that the other side may hold of the messages that have begun. */
	#heldBytes = 0;
	/** The bytes that the other side may hold in all. */
	maxHeldBytes = 0;

	/** Whether a message may send. */
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

	/** A message has gone out, or will never go out. */
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

	/** At least one message may always begin. */
	#hasRoomFor({ heldBytes }: Fragments): boolean {
		return this.#heldBytes === 0 || this.#heldBytes + heldBytes <= this.maxHeldBytes;
	}
}

/** How acknowledgements leave: `multiple` is for the message and all that were delivered before it. */
export type SendAcknowledgement = (deliveryTag: number, multiple: boolean) => void;

/**
 * The messages of a channel that were delivered, until they are acknowledged. Messages that are done in one turn are
 * acknowledged together: one acknowledgement covers all messages before which no older one waits; each of the others
 * gets its own.
 */
export class Acknowledgements {
	readonly #send: SendAcknowledgement;
	/** In the order of their delivery: whether they are done. */
	readonly #messages = new Map<number, boolean>();
	/** The messages that are done. */
	#done: number[] = [];
	#isScheduled = false;

	constructor(send: SendAcknowledgement) {
		this.#send = send;
	}

	/** A message has come. */
	add(deliveryTag: number): void {
		this.#messages.set(deliveryTag, false);
	}

	/** A message is done. Doing it twice is the same as once. */
	done(deliveryTag: number): void {
		if (this.#messages.get(deliveryTag) !== false) return;
		this.#messages.set(deliveryTag, true);
		this.#done.push(deliveryTag);
		if (this.#isScheduled) return;
		this.#isScheduled = true;
		setImmediate(() => this.flush());
	}

	/** Sends the acknowledgements that are due. */
	flush(): void {
		this.#isScheduled = false;
		let last: number | undefined;
		for (const [tag, isDone] of this.#messages) {
			if (!isDone) break;
			last = tag;
			this.#messages.delete(tag);
		}
		if (last !== undefined) this.#send(last, true);
		for (const tag of this.#done) if (this.#messages.delete(tag)) this.#send(tag, false);
		this.#done = [];
	}
}

import { IncomingMessages, type MessageSource } from "../../transport/incoming-messages.ts";

/** The body of which the messages of a stream are made. */
export interface MessageBody {
	/** Pauses the bytes, because too many wait to be consumed. */
	pause(): void;
	/** Lets the bytes arrive again. */
	resume(): void;
	/** The consumer wants no more, or the call is over. */
	stopped(): void;
	decode(message: Uint8Array): unknown;
}

/** How many bytes may wait to be consumed before the body is paused. */
const highWaterBytes = 64 * 1024;

/** The messages that arrive on one stream over HTTP. They pause the body while too much waits to be consumed. */
export class HttpMessages implements MessageSource<Uint8Array> {
	/** The messages for the consumer. */
	readonly messages: IncomingMessages<Uint8Array> = new IncomingMessages(this);
	readonly #body: MessageBody;
	#held = 0;
	#paused = false;

	constructor(body: MessageBody) {
		this.#body = body;
	}

	/** Takes a message that arrived. */
	push(message: Uint8Array): void {
		if (this.messages.hasEnded) return;
		this.#held += message.length;
		this.messages.push(message, message.length);
		if (this.#held <= highWaterBytes || this.#paused) return;
		this.#paused = true;
		this.#body.pause();
	}

	decode(message: Uint8Array): unknown {
		return this.#body.decode(message);
	}

	released(bytes: number): void {
		this.#held -= bytes;
		if (!this.#paused || this.#held > highWaterBytes / 2) return;
		this.#paused = false;
		this.#body.resume();
	}

	stopped(): void {
		this.#body.stopped();
	}
}

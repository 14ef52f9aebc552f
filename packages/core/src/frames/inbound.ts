import type { Codec, EncodedMessage } from "../codec/codec.ts";
import { ServiceError } from "../errors/service-error.ts";
import { IncomingMessages, type MessageSource } from "../transport/incoming-messages.ts";
import { messageTooLarge } from "../transport/transport-errors.ts";
import type { Growing } from "./assembly.ts";
import { UnfinishedMessage, type UnfinishedOwner } from "./unfinished-message.ts";
import { decodeBody, readBody } from "./wire/body.ts";

/** Returns credit to the sender of a stream. */
export interface CreditReturn {
	/** Bytes were consumed: as many may be sent again, on the stream and on the connection. */
	credit(bytes: number): void;
	/** Lets the other side send this many more bytes on the connection. */
	creditConnection(bytes: number): void;
	/** Lets the other side send this many more bytes on the stream. */
	creditStream(bytes: number): void;
}

/** The parts of a connection and a call that the messages of one direction of a stream need. */
export interface InboundOwner extends UnfinishedOwner {
	readonly window: CreditReturn;
	readonly codec: Codec;
	/** The consumer wants no more. */
	stopped(): void;
}

/**
 * The receiving side of one stream of frames. It joins fragments to {@link messages}, and returns credit as these are
 * consumed. The stream's window and the size of one message bound it.
 */
export class Inbound implements MessageSource<EncodedMessage>, Growing {
	/** The messages for the consumer. */
	readonly messages: IncomingMessages<EncodedMessage> = new IncomingMessages(this);
	readonly #owner: InboundOwner;
	/** Made when a first fragment arrives: most messages come whole. */
	#unfinished: UnfinishedMessage | undefined;
	/** Credit on the stream that is held back, while messages wait to be consumed or others to become whole. */
	#heldCredit = 0;

	constructor(owner: InboundOwner) {
		this.#owner = owner;
	}

	/** Takes one fragment. Returns an error when the message is over a limit. */
	push(bytes: Uint8Array, start: number, end: number, more: boolean): ServiceError | undefined {
		const length = end - start;
		if (this.messages.hasEnded) {
			this.#owner.window.credit(length);
			return undefined;
		}
		const { maxMessageBytes, codec, bytes: handling } = this.#owner;
		const unfinished = this.#unfinished;
		if ((unfinished?.length ?? 0) + length > maxMessageBytes) return messageTooLarge(maxMessageBytes);
		if (more) return this.#hold(bytes, start, end);
		if (unfinished === undefined || !unfinished.begun) {
			this.messages.push(readBody(codec, handling, bytes, start, end), length);
			return undefined;
		}
		const whole = unfinished.finish(bytes, start, end);
		this.messages.push(codec.binary ? whole : readBody(codec, handling, whole, 0, whole.length), length);
		return undefined;
	}

	/** No more messages will come. */
	end(): void {
		if (this.#unfinished?.begun === true) this.messages.fail(endedWithin());
		else this.messages.end();
		this.#release();
	}

	/** The stream broke. Messages that arrived before can still be consumed. */
	fail(error: ServiceError): void {
		this.messages.fail(error);
		this.#release();
	}

	/** The call is over, and with it the stream. */
	cut(error: ServiceError): void {
		this.messages.cut(error);
		this.#release();
	}

	/** The one message of a side that is no stream. Rejects with `missing` when there is none. */
	async single(missing: ServiceError): Promise<unknown> {
		const { done, value } = await this.messages.next();
		if (done === true) throw missing;
		return value;
	}

	decode(message: EncodedMessage): unknown {
		return decodeBody(this.#owner.codec, message);
	}

	released(bytes: number): void {
		this.#owner.window.credit(bytes);
		if (this.#heldCredit > 0) this.#returnHeld();
	}

	stopped(): void {
		this.#release();
		this.#owner.stopped();
	}

	grow(): void {
		this.#unfinished?.grow();
		this.#returnHeld();
	}

	#hold(bytes: Uint8Array, start: number, end: number): ServiceError | undefined {
		this.#unfinished ??= new UnfinishedMessage(this.#owner, this);
		if (!this.#unfinished.hold(bytes, start, end)) {
			return new ServiceError({
				code: "resource_exhausted",
				message: "too many unfinished messages on this connection",
			});
		}
		this.#owner.window.creditConnection(end - start);
		this.#heldCredit += end - start;
		this.#returnHeld();
		return undefined;
	}

	/**
	 * A large message must be able to arrive whole. But while earlier messages wait, or there is no room, its sender
	 * waits for credit.
	 */
	#returnHeld(): void {
		if (this.#heldCredit === 0 || this.messages.hasWaiting) return;
		if (this.#unfinished?.begun === true && !this.#unfinished.mayGrow()) return;
		this.#owner.window.creditStream(this.#heldCredit);
		this.#heldCredit = 0;
	}

	/** Gives back the memory of an unfinished message. */
	#release(): void {
		this.#unfinished?.drop();
		if (this.#heldCredit > 0) this.#owner.window.creditStream(this.#heldCredit);
		this.#heldCredit = 0;
	}
}

function endedWithin(): ServiceError {
	const message = "the stream ended within a message";
	return new ServiceError({ code: "invalid_argument", reason: "unparsable", message });
}

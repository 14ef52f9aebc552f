import type { Codec, EncodedMessage } from "../codec/codec.ts";
import { type Outcome, type SettledListener, succeeded } from "../context/call-scope.ts";
import { canceled } from "../context/cancellation.ts";
import type { ObservableStream } from "../endpoint/observe-stream.ts";
import { ServiceError, toServiceError } from "../errors/service-error.ts";
import { LinkedList } from "../transport/linked-list.ts";
import { messageTooLarge } from "../transport/transport-errors.ts";
import type { Growing } from "./assembly.ts";
import { UnfinishedMessage, type UnfinishedOwner } from "./unfinished-message.ts";
import { decodeBody, readBody } from "./wire/body.ts";

/** Returns credit to the sender of a stream. */
export interface CreditReturn {
	/** Bytes were consumed: as many may be sent again, on the stream and on the connection. */
	credit(bytes: number): void;
	/** As many may be sent again on the connection. */
	creditConnection(bytes: number): void;
	/** As many may be sent again on the stream. */
	creditStream(bytes: number): void;
}

/** What the messages of one direction of a stream need of their connection and their call. */
export interface InboundOwner extends UnfinishedOwner {
	readonly window: CreditReturn;
	readonly codec: Codec;
	/** The consumer wants no more. */
	stopped(): void;
}

/** A whole message that waits to be consumed. */
interface Arrived {
	readonly body: EncodedMessage;
	readonly credit: number;
}

interface Waiter {
	resolve(result: IteratorResult<unknown, undefined>): void;
	reject(error: unknown): void;
}

/**
 * The messages that arrive on one stream. It joins fragments, holds messages until they are consumed, and returns
 * credit as they are. The stream's window and the size of one message bound it. Iterable once.
 */
export class Inbound implements ObservableStream, AsyncIterator<unknown, undefined>, Growing {
	readonly #owner: InboundOwner;
	readonly #messages = new LinkedList<Arrived>();
	readonly #unfinished: UnfinishedMessage;
	/** Credit on the stream that is held back, while messages wait to be consumed or others to become whole. */
	#heldCredit = 0;
	#waiter: Waiter | undefined;
	#ended = false;
	/** The error that broke the stream, if any. */
	#error: unknown;
	#iterated = false;
	"~settled": SettledListener | undefined;

	constructor(owner: InboundOwner) {
		this.#owner = owner;
		this.#unfinished = new UnfinishedMessage(owner, this);
	}

	/** Takes one fragment. Returns an error when the message is over a limit. */
	push(bytes: Uint8Array, start: number, end: number, more: boolean): ServiceError | undefined {
		const length = end - start;
		if (this.#ended) {
			this.#owner.window.credit(length);
			return undefined;
		}
		const { maxMessageBytes } = this.#owner;
		if (this.#unfinished.length + length > maxMessageBytes) return messageTooLarge(maxMessageBytes);
		if (more) return this.#hold(bytes, start, end);
		const { codec, bytes: handling } = this.#owner;
		if (this.#unfinished.begun) {
			const whole = this.#unfinished.finish(bytes, start, end);
			this.#arrived(codec.binary ? whole : readBody(codec, handling, whole, 0, whole.length), length);
		} else this.#arrived(readBody(codec, handling, bytes, start, end), length);
		return undefined;
	}

	/** No more messages will come. */
	end(): void {
		if (this.#ended) return;
		if (this.#unfinished.begun) {
			this.#break(endedWithin());
			return;
		}
		this.#ended = true;
		this.#release();
		const waiter = this.#waiter;
		this.#waiter = undefined;
		waiter?.resolve(this.#over());
	}

	/** The stream broke. Messages that arrived before can still be consumed. */
	fail(error: ServiceError): void {
		if (!this.#ended) this.#break(error);
	}

	/**
	 * The call is over, and with it the stream: messages that wait are dropped. A consumer that still reads gets the
	 * error, as the end of a stream that was cut off must not look like an orderly one.
	 */
	cut(error: ServiceError): void {
		// The stream has ended already, and nothing of it is lost.
		if (this.#ended && this.#messages.first === undefined) return;
		this.#drop();
		this.#break(error);
	}

	/** The one message of a side that is no stream. Rejects with `missing` when there is none. */
	async single(missing: ServiceError): Promise<unknown> {
		const { done, value } = await this.next();
		if (done === true) throw missing;
		return value;
	}

	next(): Promise<IteratorResult<unknown, undefined>> {
		const message = this.#messages.shift();
		if (message !== undefined) {
			try {
				return Promise.resolve(this.#consume(message.body, message.credit));
			} catch (error) {
				return Promise.reject(this.#unreadable(error));
			}
		}
		// A consumer that asks again gets the same error: a stream that broke has no orderly end.
		if (this.#error !== undefined) return Promise.reject(this.#broken(this.#error));
		if (this.#ended) return Promise.resolve(this.#over());
		if (this.#waiter !== undefined) {
			return Promise.reject(new TypeError("await each message of a stream before you ask for the next"));
		}
		return new Promise((resolve, reject) => {
			this.#waiter = { resolve, reject };
		});
	}

	return(): Promise<IteratorResult<unknown, undefined>> {
		const open = !this.#ended;
		if (this["~settled"] !== undefined) this.#tell({ ok: false, error: canceled() });
		this.#release();
		this.end();
		this.#drop();
		this.#error = undefined;
		if (open) this.#owner.stopped();
		return Promise.resolve({ done: true, value: undefined });
	}

	[Symbol.asyncIterator](): this {
		if (this.#iterated) throw new TypeError("a stream can be iterated only once");
		this.#iterated = true;
		return this;
	}

	#break(error: ServiceError): void {
		this.#ended = true;
		this.#error = error;
		this.#release();
		const waiter = this.#waiter;
		this.#waiter = undefined;
		waiter?.reject(this.#broken(error));
	}

	/** Drops the messages that nobody will consume: their bytes may be sent again. */
	#drop(): void {
		for (let message = this.#messages.shift(); message !== undefined; message = this.#messages.shift()) {
			this.#owner.window.credit(message.credit);
		}
	}

	#hold(bytes: Uint8Array, start: number, end: number): ServiceError | undefined {
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

	grow(): void {
		this.#unfinished.grow();
		this.#returnHeld();
	}

	/**
	 * A large message must be able to arrive whole. But while earlier messages wait, or there is no room, its sender
	 * waits for credit.
	 */
	#returnHeld(): void {
		if (this.#heldCredit === 0 || this.#messages.first !== undefined) return;
		if (this.#unfinished.begun && !this.#unfinished.mayGrow()) return;
		this.#owner.window.creditStream(this.#heldCredit);
		this.#heldCredit = 0;
	}

	#arrived(body: EncodedMessage, credit: number): void {
		const waiter = this.#waiter;
		if (waiter === undefined) {
			this.#messages.add({ body, credit });
			return;
		}
		this.#waiter = undefined;
		try {
			waiter.resolve(this.#consume(body, credit));
		} catch (error) {
			waiter.reject(this.#unreadable(error));
		}
	}

	#consume(body: EncodedMessage, credit: number): IteratorResult<unknown, undefined> {
		this.#owner.window.credit(credit);
		this.#returnHeld();
		return { done: false, value: decodeBody(this.#owner.codec, body) };
	}

	/** The result that a consumer gets behind the last message. */
	#over(): IteratorResult<unknown, undefined> {
		this.#tell(succeeded);
		return { done: true, value: undefined };
	}

	/** The error that a consumer gets when its stream breaks. */
	#broken(error: unknown): unknown {
		this.#tell({ ok: false, error: toServiceError(error) });
		return error;
	}

	/** The error that a consumer gets for a message that cannot be decoded. The stream ends with it. */
	#unreadable(error: unknown): unknown {
		this.#broken(error);
		void this.return();
		this.#error = error;
		return error;
	}

	#tell(outcome: Outcome): void {
		const settled = this["~settled"];
		this["~settled"] = undefined;
		settled?.(outcome);
	}

	/** Gives back what an unfinished message held. */
	#release(): void {
		this.#unfinished.drop();
		if (this.#heldCredit > 0) this.#owner.window.creditStream(this.#heldCredit);
		this.#heldCredit = 0;
	}
}

function endedWithin(): ServiceError {
	const message = "the stream ended within a message";
	return new ServiceError({ code: "invalid_argument", reason: "unparsable", message });
}

import { type Outcome, type SettledListener, succeeded } from "../context/call-scope.ts";
import { canceled } from "../context/cancellation.ts";
import type { TellingStream } from "../endpoint/observe-stream.ts";
import { ServiceError, toServiceError } from "../errors/service-error.ts";
import { LinkedList } from "../transport/linked-list.ts";
import { readMessage } from "../transport/message-text.ts";
import type { ByteHandling } from "../transport/pipe.ts";
import { messageTooLarge } from "../transport/transport-errors.ts";
import type { Assembly, Growing } from "./assembly.ts";

/** Returns credit to the sender of a stream. */
export interface ReceiveWindow {
	/** Bytes were consumed: as many may be sent again, on the stream and on the connection. */
	credit(bytes: number): void;
	/** As many may be sent again on the connection. */
	creditConnection(bytes: number): void;
	/** As many may be sent again on the stream. */
	creditStream(bytes: number): void;
}

/** What the messages of one direction of a stream need of their connection. */
export interface InboundOwner {
	readonly bytes: ByteHandling;
	readonly maxMessageBytes: number;
	readonly window: ReceiveWindow;
	readonly assembly: Assembly;
	decode(text: string): unknown;
	/** The consumer wants no more. */
	stopped(): void;
}

/** A whole message that waits to be consumed. */
interface Arrived {
	readonly text: string;
	readonly credit: number;
}

interface Waiter {
	resolve(result: IteratorResult<unknown, undefined>): void;
	reject(error: unknown): void;
}

/**
 * The messages that arrive on one stream: joins fragments, holds what was not consumed, and returns credit as
 * it is. Bounded by the stream's window and the size of one message. Iterable once.
 */
export class Inbound implements TellingStream, AsyncIterator<unknown, undefined>, Growing {
	readonly #owner: InboundOwner;
	readonly #messages = new LinkedList<Arrived>();
	/** The unfinished message. One buffer, so that it takes the same in fragments of any size. */
	#unfinished: Uint8Array | undefined;
	#unfinishedBytes = 0;
	/** Credit on the stream that is held back: while messages wait to be consumed, or others to become whole. */
	#heldCredit = 0;
	/** Whether there is room for all of the unfinished message. */
	#growing = false;
	#waiter: Waiter | undefined;
	#ended = false;
	/** What broke the stream; undefined where nothing did. */
	#error: unknown;
	#iterated = false;
	"~settled": SettledListener | undefined;

	constructor(owner: InboundOwner) {
		this.#owner = owner;
	}

	/** Takes one fragment. Returns an error when the message is over a limit. */
	push(bytes: Uint8Array, start: number, end: number, more: boolean): ServiceError | undefined {
		const length = end - start;
		if (this.#ended) {
			this.#owner.window.credit(length);
			return undefined;
		}
		if (this.#unfinishedBytes + length > this.#owner.maxMessageBytes)
			return messageTooLarge(this.#owner.maxMessageBytes);
		if (more) return this.#hold(bytes, start, end);
		if (this.#unfinished === undefined)
			this.#arrived(readMessage(this.#owner.bytes, bytes, start, end), length);
		else this.#arrived(this.#join(bytes, start, end), length);
		return undefined;
	}

	/** No more messages will come. */
	end(): void {
		if (this.#ended) return;
		if (this.#unfinished !== undefined) {
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
	 * The call is over, and with it the stream: messages that wait are dropped. Whoever still reads gets the error,
	 * as the end of a stream that was cut off must not look like an orderly one.
	 */
	cut(error: ServiceError): void {
		// It has ended already, and nothing of it is lost.
		if (this.#ended && this.#messages.first === undefined) return;
		this.#drop();
		this.#break(error);
	}

	/** The one message of a side that is no stream; rejects with `missing` when there is none. */
	async single(missing: ServiceError): Promise<unknown> {
		const { done, value } = await this.next();
		if (done === true) throw missing;
		return value;
	}

	next(): Promise<IteratorResult<unknown, undefined>> {
		const message = this.#messages.shift();
		if (message !== undefined) {
			try {
				return Promise.resolve(this.#consume(message.text, message.credit));
			} catch (error) {
				return Promise.reject(this.#unreadable(error));
			}
		}
		// Whoever asks again learns the same: what broke has no orderly end.
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

	/** Messages that nobody will consume: their bytes may be sent again. */
	#drop(): void {
		for (let message = this.#messages.shift(); message !== undefined; message = this.#messages.shift()) {
			this.#owner.window.credit(message.credit);
		}
	}

	#hold(bytes: Uint8Array, start: number, end: number): ServiceError | undefined {
		const length = end - start;
		const { assembly, window } = this.#owner;
		if (!assembly.take(length)) {
			return new ServiceError({
				code: "resource_exhausted",
				message: "too many unfinished messages on this connection",
			});
		}
		this.#append(bytes, start, end);
		window.creditConnection(length);
		this.#heldCredit += length;
		this.#returnHeld();
		return undefined;
	}

	grow(): void {
		this.#growing = true;
		this.#returnHeld();
	}

	/** A large message must be able to arrive whole; but while messages wait, or others are first, its sender waits too. */
	#returnHeld(): void {
		if (this.#heldCredit === 0 || this.#messages.first !== undefined) return;
		if (this.#unfinished !== undefined && !this.#growing) {
			this.#growing = this.#owner.assembly.mayGrow(this);
			if (!this.#growing) return;
		}
		this.#owner.window.creditStream(this.#heldCredit);
		this.#heldCredit = 0;
	}

	/** The unfinished message is whole, or will never be. */
	#forget(heldBytes: number): void {
		const { assembly } = this.#owner;
		this.#unfinished = undefined;
		this.#unfinishedBytes = 0;
		this.#growing = false;
		assembly.take(-heldBytes);
		assembly.leave(this);
	}

	#append(bytes: Uint8Array, start: number, end: number): void {
		const length = this.#unfinishedBytes + end - start;
		if (this.#unfinished === undefined || this.#unfinished.length < length) {
			const { bytes: handling, maxMessageBytes } = this.#owner;
			const grown = handling.allocate(Math.min(maxMessageBytes, 2 * length));
			if (this.#unfinished !== undefined) grown.set(this.#unfinished.subarray(0, this.#unfinishedBytes));
			this.#unfinished = grown;
		}
		this.#unfinished.set(bytes.subarray(start, end), this.#unfinishedBytes);
		this.#unfinishedBytes = length;
	}

	/** The whole message, with its last fragment. */
	#join(bytes: Uint8Array, start: number, end: number): string {
		const held = this.#unfinishedBytes;
		this.#append(bytes, start, end);
		const text = readMessage(this.#owner.bytes, this.#unfinished ?? bytes, 0, this.#unfinishedBytes);
		this.#forget(held);
		return text;
	}

	#arrived(text: string, credit: number): void {
		const waiter = this.#waiter;
		if (waiter === undefined) {
			this.#messages.add({ text, credit });
			return;
		}
		this.#waiter = undefined;
		try {
			waiter.resolve(this.#consume(text, credit));
		} catch (error) {
			waiter.reject(this.#unreadable(error));
		}
	}

	#consume(text: string, credit: number): IteratorResult<unknown, undefined> {
		this.#owner.window.credit(credit);
		this.#returnHeld();
		return { done: false, value: this.#owner.decode(text) };
	}

	/** What a consumer gets behind the last message. */
	#over(): IteratorResult<unknown, undefined> {
		this.#tell(succeeded);
		return { done: true, value: undefined };
	}

	/** What a consumer gets of the error that ends its stream. */
	#broken(error: unknown): unknown {
		this.#tell({ ok: false, error: toServiceError(error) });
		return error;
	}

	/** What a consumer gets of a message that cannot be decoded. It asks for no more, so nobody else ends the stream. */
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
		if (this.#unfinished !== undefined) this.#forget(this.#unfinishedBytes);
		if (this.#heldCredit > 0) this.#owner.window.creditStream(this.#heldCredit);
		this.#heldCredit = 0;
	}
}

function endedWithin(): ServiceError {
	const message = "the stream ended within a message";
	return new ServiceError({ code: "invalid_argument", reason: "unparsable", message });
}

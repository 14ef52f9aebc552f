import { type Outcome, succeeded } from "../context/call-scope.ts";
import { canceled } from "../context/cancellation.ts";
import type { ObservableStream, StreamObserver } from "../endpoint/observe-stream.ts";
import { type ServiceError, toServiceError } from "../errors/service-error.ts";
import { LinkedList } from "./linked-list.ts";

/** The source of the messages of a stream. */
export interface MessageSource<Message> {
	/** Decodes a message that is consumed. The stream ends with the error that this throws. */
	decode(message: Message): unknown;
	/** A message of this size, in bytes, does not wait any more: it is consumed, or nobody wants it. */
	released(bytes: number): void;
	/** The consumer wants no more, or the call is over, although the stream goes on. */
	stopped(): void;
}

/** A whole message that waits to be consumed. */
interface Arrived<Message> {
	readonly message: Message;
	readonly bytes: number;
}

/** A consumer that waits for a message, and the one that asked after it. */
interface Waiter {
	resolve(result: IteratorResult<unknown, undefined>): void;
	reject(error: unknown): void;
	next: Waiter | undefined;
}

/**
 * The messages that arrive on one stream, over any transport. It holds them until they are consumed, and reports the
 * true end of the stream. The transport has to bound how many may wait. Iterable once.
 */
export class IncomingMessages<Message> implements ObservableStream, AsyncIterator<unknown, undefined> {
	readonly #source: MessageSource<Message>;
	readonly #messages = new LinkedList<Arrived<Message>>();
	/** The waiters for a message, in the order in which they asked. Most streams have one at most. */
	#waiter: Waiter | undefined;
	#lastWaiter: Waiter | undefined;
	#ended = false;
	/** The error that broke the stream, if any. */
	#error: unknown;
	#iterated = false;
	readonly "~observers": StreamObserver[] = [];

	constructor(source: MessageSource<Message>) {
		this.#source = source;
	}

	/** Whether no more messages will come. */
	get hasEnded(): boolean {
		return this.#ended;
	}

	/** Whether a message waits to be consumed. */
	get hasWaiting(): boolean {
		return this.#messages.first !== undefined;
	}

	/**
	 * Takes a message that arrived before the end.
	 *
	 * @param bytes its size.
	 */
	push(message: Message, bytes: number): void {
		const waiter = this.#waiter;
		if (waiter === undefined) {
			this.#messages.add({ message, bytes });
			return;
		}
		this.#waiter = waiter.next;
		try {
			waiter.resolve(this.#consume(message, bytes));
		} catch (error) {
			waiter.reject(this.#unreadable(error));
		}
	}

	/** No more messages will come. */
	end(): void {
		if (this.#ended) return;
		this.#ended = true;
		for (let waiter = this.#takeWaiters(); waiter !== undefined; waiter = waiter.next) {
			waiter.resolve(this.#over());
		}
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
		if (!this.#ended || this.hasWaiting) this.#cutOff(error);
	}

	next(): Promise<IteratorResult<unknown, undefined>> {
		const arrived = this.#messages.shift();
		if (arrived !== undefined) {
			try {
				return Promise.resolve(this.#consume(arrived.message, arrived.bytes));
			} catch (error) {
				return Promise.reject(this.#unreadable(error));
			}
		}
		// A consumer that asks again gets the same error: a stream that broke has no orderly end.
		if (this.#error !== undefined) return Promise.reject(this.#broken());
		if (this.#ended) return Promise.resolve(this.#over());
		return new Promise((resolve, reject) => this.#wait({ resolve, reject, next: undefined }));
	}

	return(): Promise<IteratorResult<unknown, undefined>> {
		const open = !this.#ended;
		if (this["~observers"].length > 0) this.#tell({ ok: false, error: canceled() });
		this.end();
		this.#error = undefined;
		if (open) this.#source.stopped();
		this.#drop();
		return Promise.resolve({ done: true, value: undefined });
	}

	[Symbol.asyncIterator](): this {
		if (this.#iterated) throw new TypeError("a stream can be iterated only once");
		this.#iterated = true;
		return this;
	}

	#wait(waiter: Waiter): void {
		if (this.#waiter === undefined || this.#lastWaiter === undefined) this.#waiter = waiter;
		else this.#lastWaiter.next = waiter;
		this.#lastWaiter = waiter;
	}

	#takeWaiters(): Waiter | undefined {
		const waiter = this.#waiter;
		this.#waiter = undefined;
		this.#lastWaiter = undefined;
		return waiter;
	}

	#cutOff(error: unknown): void {
		const open = !this.#ended;
		this.#break(error);
		if (open) this.#source.stopped();
		this.#drop();
	}

	#break(error: unknown): void {
		this.#ended = true;
		this.#error = error;
		for (let waiter = this.#takeWaiters(); waiter !== undefined; waiter = waiter.next) {
			waiter.reject(this.#broken());
		}
	}

	/** Drops the messages that nobody will consume. */
	#drop(): void {
		for (let arrived = this.#messages.shift(); arrived !== undefined; arrived = this.#messages.shift()) {
			this.#source.released(arrived.bytes);
		}
	}

	#consume(message: Message, bytes: number): IteratorResult<unknown, undefined> {
		this.#source.released(bytes);
		return { done: false, value: this.#source.decode(message) };
	}

	/** The result that a consumer gets behind the last message. */
	#over(): IteratorResult<unknown, undefined> {
		this.#tell(succeeded);
		return { done: true, value: undefined };
	}

	/** The error that a consumer gets when its stream breaks. */
	#broken(): unknown {
		for (const { settled, translate } of this["~observers"].splice(0)) {
			this.#error = translate(this.#error);
			settled({ ok: false, error: toServiceError(this.#error) });
		}
		return this.#error;
	}

	/** The error that a consumer gets for a message that cannot be decoded. The stream ends with it. */
	#unreadable(error: unknown): unknown {
		this.#cutOff(error);
		return this.#broken();
	}

	#tell(outcome: Outcome): void {
		for (const { settled } of this["~observers"].splice(0)) settled(outcome);
	}
}

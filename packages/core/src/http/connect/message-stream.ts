import type { ServiceError } from "../../errors/service-error.ts";

/** The source of a stream's messages. */
export interface MessageSource {
	/** Pauses the bytes, because too many wait to be consumed. */
	pause(): void;
	/** Lets the bytes arrive again. */
	resume(): void;
	/** Notes that the consumer wants no more. */
	stopped(): void;
	decode(message: Uint8Array): unknown;
}

/** How many bytes may wait to be consumed before the source is paused. */
const highWaterBytes = 64 * 1024;

interface Waiter {
	resolve(result: IteratorResult<unknown, undefined>): void;
	reject(error: unknown): void;
}

/** The messages that arrive on one stream. It holds those that were not consumed yet, within a bound. Iterable once. */
export class MessageStream implements AsyncIterable<unknown>, AsyncIterator<unknown, undefined> {
	readonly #source: MessageSource;
	readonly #messages: Uint8Array[] = [];
	readonly #waiters: Waiter[] = [];
	#held = 0;
	#paused = false;
	#ended = false;
	#error: ServiceError | undefined;
	#iterated = false;

	constructor(source: MessageSource) {
		this.#source = source;
	}

	/** Takes a message that arrived. */
	push(message: Uint8Array): void {
		if (this.#ended) return;
		const waiter = this.#waiters.shift();
		if (waiter !== undefined) {
			this.#deliver(waiter, message);
			return;
		}
		this.#messages.push(message);
		this.#held += message.length;
		if (this.#held <= highWaterBytes || this.#paused) return;
		this.#paused = true;
		this.#source.pause();
	}

	/** Notes that no more messages will come. */
	end(): void {
		if (this.#ended) return;
		this.#ended = true;
		for (const waiter of this.#waiters.splice(0)) waiter.resolve({ done: true, value: undefined });
	}

	/** Notes that the stream broke. Messages that arrived before can still be consumed. */
	fail(error: ServiceError): void {
		if (!this.#ended) this.#break(error);
	}

	/**
	 * Ends the stream because its call is over. Waiting messages are dropped. A consumer that still reads gets the
	 * error, because the end of a stream that was cut off must not look like an orderly one.
	 */
	cut(error: ServiceError): void {
		// The stream has ended already, and none of it is lost.
		if (this.#ended && this.#messages.length === 0) return;
		const open = !this.#ended;
		this.#drop();
		this.#break(error);
		if (open) this.#source.stopped();
		this.#resume();
	}

	next(): Promise<IteratorResult<unknown, undefined>> {
		return new Promise((resolve, reject) => {
			const message = this.#messages.shift();
			if (message !== undefined) {
				this.#held -= message.length;
				this.#deliver({ resolve, reject }, message);
				this.#resume();
				// Every later read gets the same error, because a broken stream has no orderly end.
			} else if (this.#error !== undefined) reject(this.#error);
			else if (this.#ended) resolve({ done: true, value: undefined });
			else this.#waiters.push({ resolve, reject });
		});
	}

	return(): Promise<IteratorResult<unknown, undefined>> {
		const open = !this.#ended;
		this.#drop();
		this.#error = undefined;
		this.end();
		if (open) this.#source.stopped();
		this.#resume();
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
		for (const waiter of this.#waiters.splice(0)) waiter.reject(error);
	}

	#drop(): void {
		this.#messages.length = 0;
		this.#held = 0;
	}

	#deliver(waiter: Waiter, message: Uint8Array): void {
		try {
			waiter.resolve({ done: false, value: this.#source.decode(message) });
		} catch (error) {
			waiter.reject(error);
		}
	}

	#resume(): void {
		if (!this.#paused || this.#held > highWaterBytes / 2) return;
		this.#paused = false;
		this.#source.resume();
	}
}

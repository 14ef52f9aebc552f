import { kindOf, Mistake } from "../errors/mistake.ts";
import { abandon, leave } from "./leave-stream.ts";

/** Maps one message; throws, or rejects, when it cannot. */
type MapMessage<Out> = (value: unknown) => Out | Promise<Out>;

/** Throws the error that a consumer sees in place of an error. */
type MapError = (error: unknown) => never;

/**
 * Maps the messages of a stream, and the error that ends it. Breaking out of the result breaks out of the source; so
 * does a message that cannot be mapped.
 */
export function mapStream<Out>(
	source: unknown,
	message: MapMessage<Out> | undefined,
	fail?: MapError,
): AsyncIterable<Out> {
	// The outer layer maps only errors, as the boundary of a service does around validation, so one step can do both.
	if (source instanceof MappedStream && message === undefined && source.fail === undefined) {
		return new MappedStream<Out>(source.source, source.message as MapMessage<Out> | undefined, fail);
	}
	return new MappedStream(source as AsyncIterable<unknown>, message, fail);
}

/** The messages of a stream, read one by one. A mapped stream gives its own iterator, with no step in between. */
export function messagesOf(source: AsyncIterable<unknown>): MappedIterator<unknown> {
	const mapped = source instanceof MappedStream ? source : new MappedStream(source, undefined, undefined);
	return mapped[Symbol.asyncIterator]();
}

class MappedStream<Out> implements AsyncIterable<Out> {
	readonly source: AsyncIterable<unknown>;
	readonly message: MapMessage<Out> | undefined;
	readonly fail: MapError | undefined;

	constructor(
		source: AsyncIterable<unknown>,
		message: MapMessage<Out> | undefined,
		fail: MapError | undefined,
	) {
		this.source = source;
		this.message = message;
		this.fail = fail;
	}

	[Symbol.asyncIterator](): MappedIterator<Out> {
		return new MappedIterator(this.source[Symbol.asyncIterator](), this.message, this.fail);
	}
}

/** The result for one message: at once, or later where its mapping takes a while. */
type Mapped<Out> = IteratorResult<Out, undefined> | Promise<IteratorResult<Out, undefined>>;

/** Costs at most one promise for each message. Everything that all messages need is made once. */
export class MappedIterator<Out> implements AsyncIterator<Out, undefined> {
	readonly #source: AsyncIterator<unknown>;
	readonly #message: MapMessage<Out> | undefined;
	readonly #fail: MapError | undefined;

	constructor(
		source: AsyncIterator<unknown>,
		message: MapMessage<Out> | undefined,
		fail: MapError | undefined,
	) {
		this.#source = source;
		this.#message = message;
		this.#fail = fail;
	}

	next(): Promise<IteratorResult<Out, undefined>> {
		return this.#ask().then(this.#onResult, this.#onError);
	}

	/**
	 * Makes a function that requests one message after the other, like `next`, but reports each by a callback. It
	 * suits callers that would do nothing with a promise but wait for it.
	 */
	reader(
		onResult: (result: IteratorResult<Out, undefined>) => void,
		onError: (error: unknown) => void,
	): () => void {
		const fail = (error: unknown): void => {
			try {
				this.#onError(error);
			} catch (shown) {
				onError(shown);
			}
		};
		const take = (result: IteratorResult<unknown>): void => {
			let mapped: Mapped<Out>;
			try {
				mapped = this.#onResult(result);
			} catch (error) {
				onError(error);
				return;
			}
			if (mapped instanceof Promise) mapped.then(onResult, onError);
			else onResult(mapped);
		};
		return () => void this.#ask().then(take, fail);
	}

	return(): Promise<IteratorResult<Out, undefined>> {
		return leave(this.#source);
	}

	#ask(): Promise<IteratorResult<unknown>> {
		try {
			const result: Promise<IteratorResult<unknown>> = this.#source.next();
			// An iterator that a user wrote may return any thenable.
			return result instanceof Promise ? result : Promise.resolve(result);
		} catch (error) {
			return Promise.reject(error);
		}
	}

	readonly #onResult = (result: IteratorResult<unknown>): Mapped<Out> => {
		if (typeof result !== "object" || result === null) return this.#onError(noResult(result));
		if (result.done === true) return { done: true, value: undefined };
		if (this.#message === undefined) return { done: false, value: result.value as Out };
		try {
			const value = this.#message(result.value);
			if (!(value instanceof Promise)) return { done: false, value };
			return value.then(
				(later): IteratorResult<Out, undefined> => ({ done: false, value: later }),
				this.#onBad,
			);
		} catch (error) {
			return this.#onBad(error);
		}
	};

	/** Handles a message that cannot be mapped. The consumer sees `next` fail, and so never breaks out itself. */
	readonly #onBad = (error: unknown): never => {
		abandon(this.#source);
		return this.#onError(error);
	};

	readonly #onError = (error: unknown): never => {
		this.#fail?.(error);
		throw error;
	};
}

function noResult(result: unknown): Mistake {
	return new Mistake(`the next() of a stream gave ${kindOf(result)} instead of { value, done }`);
}

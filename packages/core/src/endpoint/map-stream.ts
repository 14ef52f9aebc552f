import { abandon, leave } from "./leave-stream.ts";

/** Maps one message; throws, or rejects, when it cannot. */
type MapMessage<Out> = (value: unknown) => Out | Promise<Out>;

/** Throws what an error is to be seen as. */
type MapError = (error: unknown) => never;

/**
 * Maps the messages of a stream, and the error that ends it. Breaking out of the result breaks out of the
 * source; so does a message that cannot be mapped.
 */
export function mapStream<Out>(
	source: unknown,
	message: MapMessage<Out> | undefined,
	fail?: MapError,
): AsyncIterable<Out> {
	// Errors around messages, as the outermost layer of a service is around validation: one step does both.
	if (source instanceof MappedStream && message === undefined && source.fail === undefined) {
		return new MappedStream<Out>(source.source, source.message as MapMessage<Out> | undefined, fail);
	}
	return new MappedStream(source as AsyncIterable<unknown>, message, fail);
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

	[Symbol.asyncIterator](): AsyncIterator<Out, undefined> {
		return new MappedIterator(this.source[Symbol.asyncIterator](), this.message, this.fail);
	}
}

/** One promise a message: what every message needs is made once for all of them. */
class MappedIterator<Out> implements AsyncIterator<Out, undefined> {
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
		try {
			const result: unknown = this.#source.next();
			// What users write may answer with any thenable.
			const pending = (result instanceof Promise ? result : Promise.resolve(result)) as Promise<
				IteratorResult<unknown>
			>;
			return pending.then(this.#onResult, this.#onError);
		} catch (error) {
			return Promise.reject(error).catch(this.#onError);
		}
	}

	return(): Promise<IteratorResult<Out, undefined>> {
		return leave(this.#source);
	}

	readonly #onResult = (
		result: IteratorResult<unknown>,
	): IteratorResult<Out, undefined> | Promise<IteratorResult<Out, undefined>> => {
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

	/** A message that cannot be mapped. Whoever iterates sees `next` fail, and so never breaks out itself. */
	readonly #onBad = (error: unknown): never => {
		abandon(this.#source);
		return this.#onError(error);
	};

	readonly #onError = (error: unknown): never => {
		this.#fail?.(error);
		throw error;
	};
}

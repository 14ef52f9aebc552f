import { Cancellation } from "../context/cancellation.ts";
import type { Context } from "../context/context.ts";
import type { Endpoint } from "../endpoint/endpoint.ts";
import { leave } from "../endpoint/leave-stream.ts";

/**
 * The output stream of a call. The call begins with the first `next`. Breaking out of the loop cancels it, even while
 * it waits to be accepted. The stream can be iterated once.
 */
export class LazyStream implements AsyncIterable<unknown>, AsyncIterator<unknown> {
	readonly #endpoint: Endpoint;
	readonly #input: unknown;
	readonly #ctx: Context;
	readonly #cancellation: Cancellation;
	#opening: Promise<AsyncIterator<unknown>> | undefined;
	#messages: AsyncIterator<unknown> | undefined;
	#iterated = false;
	#over = false;

	constructor(endpoint: Endpoint, input: unknown, ctx: Context) {
		this.#endpoint = endpoint;
		this.#input = input;
		this.#cancellation = new Cancellation(ctx["~cancellation"], Number.POSITIVE_INFINITY);
		this.#ctx = ctx["~with"]({ cancellation: this.#cancellation });
	}

	[Symbol.asyncIterator](): this {
		if (this.#iterated) throw new TypeError("a stream can be iterated only once; call the method again");
		this.#iterated = true;
		return this;
	}

	next(): Promise<IteratorResult<unknown>> {
		if (this.#over) return Promise.resolve({ done: true, value: undefined });
		if (this.#messages !== undefined) return this.#messages.next();
		this.#opening ??= this.#open();
		return this.#opening.then((messages) => messages.next());
	}

	async return(): Promise<IteratorResult<unknown>> {
		this.#over = true;
		this.#cancellation.cancel();
		return leave(await this.#opening?.catch(() => undefined));
	}

	async #open(): Promise<AsyncIterator<unknown>> {
		const messages = (await this.#endpoint(this.#input, this.#ctx)) as AsyncIterable<unknown>;
		this.#messages = messages[Symbol.asyncIterator]();
		return this.#messages;
	}
}

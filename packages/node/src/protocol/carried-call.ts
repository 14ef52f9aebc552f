import { givesStream, type ResponseMetadata, type ServiceError, toServiceError } from "@allium/core";
import {
	abandon,
	canceled,
	type Expiring,
	type Follower,
	type Following,
	type Place,
	type ServerCall,
	succeeded,
} from "@allium/core/transport";
import type { ExchangeHost } from "./exchange-host.ts";
import type { CarriedCall } from "./port-protocol.ts";

/** One call of a request that carries several. It settles when its output is there, or when its stream was consumed. */
export class RunningCall implements CarriedCall, Expiring, Follower {
	readonly deadline: number;
	readonly output: Promise<unknown>;
	readonly response: ResponseMetadata;
	readonly #call: ServerCall;
	readonly #settled: () => void;
	readonly #outcome = Promise.withResolvers<unknown>();
	#stream: CarriedStream | undefined;
	#isOver = false;
	#following: Following | undefined;
	#due: Place | undefined;

	/** @param settled called once, when the call is over. */
	constructor(host: ExchangeHost, call: ServerCall, settled: () => void) {
		this.#call = call;
		this.#settled = settled;
		this.deadline = call.ctx.deadline;
		this.response = call.response;
		this.output = this.#outcome.promise;
		// The protocol may look at the output only after it has failed. Without this, the failure would be an unhandled
		// rejection.
		this.output.catch(nothing);
		const isTimed = this.deadline !== Number.POSITIVE_INFINITY;
		if (isTimed || call.hasStream) this.#following = call.follow(this);
		if (isTimed && !this.#isOver) this.#due = host.deadlines.add(this);
	}

	/** Runs the call. The promise settles when the handler has ended, which may be after the end of the call. */
	run(input: unknown): Promise<unknown> {
		const run = this.#call.run(() => input);
		run.then(
			(output) => this.#take(output),
			(error) => this.#fail(toServiceError(error)),
		);
		return run;
	}

	/** The deadline has passed. To read the error makes the call notice that. */
	onDeadline(): void {
		void this.#call.ctx.error;
	}

	/** The call was cancelled, or its deadline has passed. Its caller learns of it even if the handler hangs. */
	onEnd(error: ServiceError): void {
		this.#fail(error);
	}

	cancel(error: ServiceError = canceled()): void {
		if (this.#isOver) return;
		this.#call.cancel(error);
		this.#fail(error);
	}

	#take(output: unknown): void {
		if (this.#isOver) return;
		const method = this.#call.served?.method;
		if (method !== undefined && givesStream(method.kind)) {
			this.#stream = new CarriedStream(output as AsyncIterable<unknown>, (error) => {
				if (error === undefined) this.#end();
				else this.#fail(error);
			});
			this.#outcome.resolve(this.#stream);
		} else {
			this.#outcome.resolve(output);
			this.#end();
		}
	}

	#fail(error: ServiceError): void {
		if (this.#isOver) return;
		this.#outcome.reject(error);
		this.#stream?.cut(error);
		this.#end(error);
	}

	#end(error?: ServiceError): void {
		if (this.#isOver) return;
		this.#isOver = true;
		this.#following?.stop();
		this.#due?.leave();
		this.#call.settle(error === undefined ? succeeded : { ok: false, error });
		this.#settled();
	}
}

/** The messages of a carried call. They can be iterated once. */
class CarriedStream implements AsyncIterableIterator<unknown, undefined> {
	readonly #messages: AsyncIterator<unknown>;
	readonly #ended: (error?: ServiceError) => void;
	#error: ServiceError | undefined;
	#isOver = false;
	/** Rejects the promise of a consumer that waits for a message. */
	#reject: ((error: ServiceError) => void) | undefined;

	/** @param ended called when no message follows, with the error that broke the stream. */
	constructor(messages: AsyncIterable<unknown>, ended: (error?: ServiceError) => void) {
		this.#messages = messages[Symbol.asyncIterator]();
		this.#ended = ended;
	}

	/** The call is over before its stream has ended. */
	cut(error: ServiceError): void {
		if (this.#isOver) return;
		this.#isOver = true;
		this.#error = error;
		abandon(this.#messages);
		this.#reject?.(error);
	}

	next(): Promise<IteratorResult<unknown, undefined>> {
		if (this.#error !== undefined) return Promise.reject(this.#error);
		if (this.#isOver) return Promise.resolve({ done: true, value: undefined });
		return new Promise((resolve, reject) => {
			this.#reject = reject;
			this.#messages.next().then(
				({ done, value }) => {
					if (done === true) this.#finish();
					resolve(done === true ? { done, value: undefined } : { done: false, value });
				},
				(thrown) => {
					const error = toServiceError(thrown);
					this.#finish(error);
					reject(error);
				},
			);
		});
	}

	return(): Promise<IteratorResult<unknown, undefined>> {
		if (!this.#isOver) {
			abandon(this.#messages);
			this.#finish(canceled());
			this.#error = undefined;
		}
		return Promise.resolve({ done: true, value: undefined });
	}

	[Symbol.asyncIterator](): this {
		return this;
	}

	#finish(error?: ServiceError): void {
		if (this.#isOver) return;
		this.#isOver = true;
		this.#error = error;
		this.#ended(error);
	}
}

function nothing(): void {}

import type { EncodedMessage } from "../codec/codec.ts";
import type { Format } from "../codec/format.ts";
import type { Context } from "../context/context.ts";
import type { Method } from "../contract/method.ts";
import { isStream } from "../contract/stream.ts";
import type { Endpoint } from "../endpoint/endpoint.ts";
import { Backoff } from "../time/backoff.ts";
import { checkDuration } from "../time/duration.ts";
import { afterSilence } from "../time/silence.ts";
import { type CallObserver, type ObservedEndpoint, observeCalls } from "../transport/observe-calls.ts";
import type { Pipe } from "../transport/pipe.ts";
import type { Peer } from "../transport/transport.ts";
import { clientClosed, unreachable } from "../transport/transport-errors.ts";
import { ClientConnection } from "./client-connection.ts";
import { checkFormats, formatsMask } from "./formats.ts";
import { checkFrameLimits, type FrameLimits } from "./frame-limits.ts";
import { type CallEncoding, type FramesCallee, framesCallee } from "./frames-callee.ts";

/** Opens a pipe to an address. Gives up when the signal aborts. */
export type DialPipe = (address: string, signal: AbortSignal) => Promise<Pipe>;

export interface FramesPeerOptions {
	/**
	 * The formats to prefer to JSON, in order. A call is written in the first one that its method has codecs for and
	 * the other side reads. Default: none, so that all calls are JSON.
	 */
	readonly formats?: readonly Format[] | undefined;
	readonly limits?: Partial<FrameLimits> | undefined;
	/** How long connecting may take, in milliseconds; Infinity for as long as it takes. Default: 5 s. */
	readonly connectTimeoutMs?: number | undefined;
}

const defaultConnectTimeoutMs = 5_000;

/**
 * Checks the durations and formats among options.
 *
 * @throws RangeError for a duration or the number of a format that is not possible.
 */
export function checkFramesOptions({
	connectTimeoutMs = 0,
	formats = [],
	limits = {},
}: FramesPeerOptions): void {
	checkDuration("connectTimeoutMs", connectTimeoutMs);
	checkFormats(formats);
	checkFrameLimits(limits);
}

/** The bounds of the delay between attempts to connect. */
const redials = { firstMs: 50, longestMs: 5_000 };

/**
 * The way to one address over frames: one connection for all calls. The first call opens it, and after it was lost
 * the next call opens it again. After a failure to connect, calls within the backoff fail at once.
 */
export class FramesPeer implements Peer {
	readonly #address: string;
	readonly #dial: DialPipe;
	readonly #options: FramesPeerOptions;
	#current: ClientConnection | undefined;
	#connecting: Promise<ClientConnection> | undefined;
	readonly #open = new Set<ClientConnection>();
	readonly #closing = new AbortController();
	readonly #backoff = new Backoff(redials);
	#retryAt = 0;
	#lastFailure: unknown;

	constructor(address: string, dial: DialPipe, options: FramesPeerOptions = {}) {
		this.#address = address;
		this.#dial = dial;
		this.#options = options;
		checkFramesOptions(options);
	}

	endpoint(method: Method): Endpoint {
		return isStream(method.input) ? this.#streamingEndpoint(method) : this.#unaryEndpoint(method);
	}

	observedEndpoint(method: Method): ObservedEndpoint {
		if (isStream(method.input)) return observeCalls(this.#streamingEndpoint(method), method);
		return this.#unaryEndpoint(method);
	}

	get refusesUntil(): number {
		return this.#retryAt;
	}

	async close(): Promise<void> {
		this.#closing.abort(clientClosed());
		const open = [...this.#open];
		for (const connection of open) connection.close();
		await Promise.all(open.map((connection) => connection.closed));
		await this.#connecting?.catch(() => {});
	}

	/** A call that can begin at once tells the observer itself. A call that has to wait is observed from outside. */
	#unaryEndpoint(
		method: Method,
	): (input: unknown, ctx: Context, observer?: CallObserver) => Promise<unknown> {
		const callee = this.#callee(method);
		const wait = async (waiting: unknown, ctx: Context): Promise<unknown> => {
			const { input, encoded } = waiting as WaitingInput;
			const connection = await this.#usable(ctx);
			const encoding = connection.encodingFor(callee);
			const body = encoded?.encoding === encoding ? encoded.body : encoding.codecs.input.encode(input);
			return connection.unary(callee, encoding, body, ctx);
		};
		const observedWait = observeCalls(wait, method);
		// A method with one format needs no connection in order to encode.
		const [first, second] = callee.encodings;
		const only = second === undefined ? first : undefined;
		return (input, ctx, observer) => {
			const connection = this.#current;
			const encoding = only ?? connection?.encodingFor(callee);
			let waiting: WaitingInput;
			if (encoding === undefined) waiting = { input, encoded: undefined };
			else {
				let body: EncodedMessage;
				try {
					body = encoding.codecs.input.encode(input);
				} catch (error) {
					return Promise.reject(error);
				}
				const call = connection?.begin(callee, encoding, body, ctx, observer);
				if (call !== undefined) return call;
				waiting = { input, encoded: { encoding, body } };
			}
			return observer === undefined ? wait(waiting, ctx) : observedWait(waiting, ctx, observer);
		};
	}

	#streamingEndpoint(method: Method): Endpoint {
		const callee = this.#callee(method);
		return async (input, ctx) => {
			const connection = await this.#usable(ctx);
			const encoding = connection.encodingFor(callee);
			return connection.streaming(callee, encoding, input as AsyncIterable<unknown>, ctx);
		};
	}

	#callee(method: Method): FramesCallee {
		return framesCallee(method, this.#options.formats ?? []);
	}

	#usable(ctx: Context): ClientConnection | Promise<ClientConnection> {
		return this.#current?.usable === true ? this.#current : this.#connected(ctx);
	}

	/** Resolves with the connection as soon as there is one; rejects when the context ends before. */
	#connected(ctx: Context): Promise<ClientConnection> {
		return new Promise((resolve, reject) => {
			const unlisten = ctx["~cancellation"].listen(reject);
			this.#connect().then(resolve, reject).finally(unlisten);
		});
	}

	#connect(): Promise<ClientConnection> {
		if (this.#closing.signal.aborted) return Promise.reject(clientClosed());
		if (this.#connecting !== undefined) return this.#connecting;
		if (performance.now() < this.#retryAt) {
			return Promise.reject(unreachable(this.#address, this.#lastFailure));
		}
		this.#connecting = this.#establish().finally(() => {
			this.#connecting = undefined;
		});
		return this.#connecting;
	}

	async #establish(): Promise<ClientConnection> {
		try {
			const connection = new ClientConnection(
				await this.#dialInTime(),
				formatsMask(this.#options.formats),
				this.#options.limits,
			);
			this.#keep(connection);
			await connection.ready;
			if (connection.refusal !== undefined) throw connection.refusal;
			this.#current = connection;
			this.#backoff.reset();
			return connection;
		} catch (error) {
			if (this.#closing.signal.aborted) throw clientClosed();
			this.#lastFailure = error;
			this.#retryAt = performance.now() + this.#backoff.next();
			throw unreachable(this.#address, error);
		}
	}

	async #dialInTime(): Promise<Pipe> {
		const controller = new AbortController();
		const abort = (): void => controller.abort(this.#closing.signal.reason);
		this.#closing.signal.addEventListener("abort", abort);
		const limit = this.#options.connectTimeoutMs ?? defaultConnectTimeoutMs;
		const timer = afterSilence(limit, () => controller.abort(new Error(`no connection within ${limit} ms`)));
		try {
			return await this.#dial(this.#address, controller.signal);
		} finally {
			timer.stop();
			this.#closing.signal.removeEventListener("abort", abort);
		}
	}

	#keep(connection: ClientConnection): void {
		this.#open.add(connection);
		void connection.closed.then(() => {
			this.#open.delete(connection);
			if (this.#current === connection) this.#current = undefined;
		});
		// A peer that was closed while it dialled must not keep the connection.
		if (this.#closing.signal.aborted) connection.close();
	}
}

/** The input of a call that waits for its connection. */
interface WaitingInput {
	readonly input: unknown;
	/** The input as it was encoded when the call was made. Undefined where its format was not known then. */
	readonly encoded: { readonly encoding: CallEncoding; readonly body: EncodedMessage } | undefined;
}

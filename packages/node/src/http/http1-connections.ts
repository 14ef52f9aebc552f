import type { TLSSocket } from "node:tls";
import type { ServiceError } from "@allium/core";
import type { HttpCall, HttpExit } from "@allium/core/http";
import { after } from "@allium/core/transport";
import type { buildConnector, Dispatcher, Pool } from "undici";
import { platformTimeout } from "../platform/timeout.ts";
import type { OutgoingRequest } from "./outgoing-request.ts";

/** The options of connections of HTTP/1.1. */
export interface Http1Options {
	readonly origin: string;
	readonly connectTimeoutMs: number;
	/** The most connections at once. Further calls wait for one. */
	readonly connections: number;
	readonly maxHeaderBytes: number;
	/** Begins a connection over TLS; undefined for plain ones. */
	readonly dialTls: (() => TLSSocket) | undefined;
}

/** Connections of HTTP/1.1 to one address. Each carries one call at a time. */
export class Http1Connections {
	readonly #options: Http1Options;
	#pool: Pool | undefined;
	/** The library is loaded with the first call, because most processes only serve HTTP. */
	#opening: Promise<Pool> | undefined;
	/** Pools that take no further calls and wait for the end of those that they have. */
	readonly #retired = new Set<Pool>();
	/** How many answers have begun. */
	#answers = 0;

	constructor(options: Http1Options) {
		this.#options = options;
	}

	/** Sends a request for a call. */
	send(request: OutgoingRequest, call: HttpCall): void {
		if (this.#pool !== undefined) {
			this.#pool.dispatch(request, new Handler(call, this));
			return;
		}
		this.#opening ??= this.#open();
		this.#opening
			.then((pool) => pool.dispatch(request, new Handler(call, this)))
			.catch((error: Error) => call.failed(error, false));
	}

	/** Ends every request and connection. */
	async close(): Promise<void> {
		const pool = await this.#opening?.catch(() => undefined);
		await Promise.all([pool?.destroy(), ...[...this.#retired].map((retired) => retired.destroy())]);
	}

	/** How many answers have begun so far. */
	get answers(): number {
		return this.#answers;
	}

	/** An answer has begun. */
	answered(): void {
		this.#answers++;
	}

	/**
	 * A call ran out of time, and its connection ends with it. If no answer began on any connection since the call
	 * was sent, the server may be gone. Then the idle connections are no better, and further calls open new ones.
	 *
	 * @param answers how many answers had begun when the call was sent.
	 */
	timedOut(answers: number): void {
		const pool = this.#pool;
		if (pool === undefined || answers !== this.#answers) return;
		this.#pool = undefined;
		this.#opening = undefined;
		this.#retired.add(pool);
		pool.close().then(
			() => this.#retired.delete(pool),
			() => this.#retired.delete(pool),
		);
	}

	async #open(): Promise<Pool> {
		const { Pool } = await import("undici");
		const { origin, connections, maxHeaderBytes, connectTimeoutMs, dialTls } = this.#options;
		this.#pool = new Pool(origin, {
			connections,
			pipelining: 1,
			allowH2: false,
			maxHeaderSize: maxHeaderBytes,
			// Calls have deadlines of their own.
			headersTimeout: 0,
			bodyTimeout: 0,
			connect:
				dialTls === undefined
					? { timeout: platformTimeout(connectTimeoutMs), keepAlive: true, noDelay: true }
					: connector(dialTls, connectTimeoutMs),
		});
		return this.#pool;
	}
}

/** The connector of undici for TLS. A connection counts when the server has proved its identity. */
function connector(dialTls: () => TLSSocket, timeoutMs: number): buildConnector.connector {
	return (_, callback) => {
		const socket = dialTls();
		const settle = (error: Error | undefined): void => {
			timer.stop();
			socket.removeListener("error", settle).removeListener("secureConnect", connected);
			if (error === undefined) callback(null, socket);
			else callback(error, null);
		};
		const connected = (): void => settle(undefined);
		const timer = after(timeoutMs, () => {
			socket.destroy(new Error(`no connection within ${timeoutMs} ms`));
		});
		socket.once("error", settle).once("secureConnect", connected);
	};
}

/**
 * Passes undici's events of a request to its call. When the request is over, it releases both: undici may hold handlers
 * longer than it needs them, and calls come by the million.
 */
class Handler implements Dispatcher.DispatchHandler, HttpExit {
	#call: HttpCall | undefined;
	#controller: Dispatcher.DispatchController | undefined;
	#sent = false;
	readonly #connections: Http1Connections;
	/** How many answers had begun when the request was sent. */
	#answersBefore = 0;

	constructor(call: HttpCall, connections: Http1Connections) {
		this.#call = call;
		this.#connections = connections;
	}

	onRequestStart(controller: Dispatcher.DispatchController): void {
		this.#sent = true;
		this.#answersBefore = this.#connections.answers;
		this.#controller = controller;
		this.#call?.began(this);
	}

	onResponseStart(
		_controller: Dispatcher.DispatchController,
		status: number,
		headers: Record<string, string | string[] | undefined>,
	): void {
		this.#connections.answered();
		// A status of 1xx means nothing here.
		if (status >= 200) this.#call?.answered(status, headers);
	}

	onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
		this.#call?.received(chunk);
	}

	onResponseEnd(): void {
		this.#letGo()?.completed();
	}

	onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
		this.#letGo()?.failed(error, this.#sent);
	}

	abort({ code }: ServiceError): void {
		this.#controller?.abort(new Error("the call is over"));
		if (code === "deadline_exceeded") this.#connections.timedOut(this.#answersBefore);
	}

	pause(): void {
		this.#controller?.pause();
	}

	resume(): void {
		this.#controller?.resume();
	}

	#letGo(): HttpCall | undefined {
		const call = this.#call;
		this.#call = undefined;
		this.#controller = undefined;
		return call;
	}
}

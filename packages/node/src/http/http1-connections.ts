import type { TLSSocket } from "node:tls";
import type { ServiceError } from "@allium/core";
import type { HttpCall, HttpExit } from "@allium/core/http";
import { after, LinkedList, type Place, type Timer } from "@allium/core/transport";
import type { Client, Dispatcher } from "undici";
import { platformTimeout } from "../platform/timeout.ts";
import { ClientPool } from "./client-pool.ts";
import type { OutgoingRequest } from "./outgoing-request.ts";
import { tlsConnector } from "./tls-connector.ts";

/**
 * How long a call waits for a connection that others use before a further one is opened, in milliseconds. Short calls
 * are over by then: many of them take less of the processor over few connections, and a burst opens few.
 */
const patienceMs = 5;

/** The options of connections of HTTP/1.1. */
export interface Http1Options {
	readonly origin: string;
	readonly connectTimeoutMs: number;
	/** The most connections at once. Further calls wait for one. */
	readonly connections: number;
	/** How many of them are opened for calls that have not waited. */
	readonly atOnce: number;
	readonly maxHeaderBytes: number;
	/** Begins a connection over TLS; undefined for plain ones. */
	readonly dialTls: (() => TLSSocket) | undefined;
}

/** Connections of HTTP/1.1 to one address. Each carries one call at a time. */
export class Http1Connections {
	readonly #options: Http1Options;
	#pool: ClientPool | undefined;
	/** The library is loaded with the first call, because most processes only serve HTTP. */
	#opening: Promise<ClientPool> | undefined;
	/** The requests that wait for a connection, in order. */
	readonly #waiting = new LinkedList<Handler>();
	/** Opens a further connection when the call that waits longest has waited for long enough. */
	#growing: Timer | undefined;
	/** How many answers have begun. */
	#answers = 0;

	constructor(options: Http1Options) {
		this.#options = options;
	}

	/** Sends a request for a call. */
	send(request: OutgoingRequest, call: HttpCall): void {
		const handler = new Handler(request, call, this);
		call.began(handler);
		if (this.#pool !== undefined) {
			this.#dispatch(this.#pool, handler);
			return;
		}
		this.#opening ??= this.#open();
		this.#opening
			.then((pool) => this.#dispatch(pool, handler))
			.catch((error: Error) => call.failed(error, false));
	}

	/** Ends every request and connection. */
	async close(): Promise<void> {
		this.#growing?.stop();
		const pool = await this.#opening?.catch(() => undefined);
		await pool?.destroy();
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
	 * A call is over, and its client is free for the next one.
	 *
	 * @param isBroken whether its connection is gone, so that clients with a connection come first.
	 */
	freed(client: Client, isBroken = false): void {
		const next = client.closed ? undefined : this.#waiting.shift();
		if (next === undefined) this.#pool?.giveBack(client, isBroken);
		else next.sendOver(client);
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
		pool.retire();
		for (let client = this.#wanted(pool); client !== undefined; client = this.#wanted(pool)) {
			this.freed(client);
		}
	}

	/** A client for the request that has waited longest; undefined when none waits, or all clients are in use. */
	#wanted(pool: ClientPool): Client | undefined {
		return this.#waiting.first === undefined ? undefined : pool.take();
	}

	#dispatch(pool: ClientPool, handler: Handler): void {
		if (handler.isOver) return;
		const client = pool.take(this.#options.atOnce);
		if (client !== undefined) {
			handler.sendOver(client);
			return;
		}
		handler.wait(this.#waiting.add(handler));
		if (this.#growing === undefined && pool.hasRoom) this.#growIn(patienceMs, pool);
	}

	/** Opens a further connection for each call that has waited for long enough by then. */
	#growIn(milliseconds: number, pool: ClientPool): void {
		this.#growing = after(milliseconds, () => {
			this.#growing = undefined;
			const before = performance.now() - patienceMs;
			let first = this.#waiting.first;
			for (; first !== undefined && first.waitsSince <= before; first = this.#waiting.first) {
				const client = pool.take();
				if (client === undefined) return;
				this.freed(client);
			}
			if (first !== undefined) this.#growIn(first.waitsSince - before, pool);
		});
	}

	async #open(): Promise<ClientPool> {
		const { Client } = await import("undici");
		const { origin, connections, maxHeaderBytes, connectTimeoutMs, dialTls } = this.#options;
		const options = {
			pipelining: 1,
			allowH2: false,
			maxHeaderSize: maxHeaderBytes,
			// Calls have deadlines of their own.
			headersTimeout: 0,
			bodyTimeout: 0,
			connect:
				dialTls === undefined
					? { timeout: platformTimeout(connectTimeoutMs), keepAlive: true, noDelay: true }
					: tlsConnector(dialTls, connectTimeoutMs),
		};
		this.#pool = new ClientPool(() => new Client(origin, options), connections);
		return this.#pool;
	}
}

/**
 * Passes undici's events of a request to its call. When the request is over, it releases both: undici may hold handlers
 * longer than it needs them, and calls come by the million.
 */
class Handler implements Dispatcher.DispatchHandler, HttpExit {
	#request: OutgoingRequest | undefined;
	#call: HttpCall | undefined;
	/** Its place among the requests that wait for a connection, while it is one of them. */
	#place: Place | undefined;
	/** Since when it has waited for a connection. */
	waitsSince = 0;
	#client: Client | undefined;
	#controller: Dispatcher.DispatchController | undefined;
	#sent = false;
	readonly #connections: Http1Connections;
	/** How many answers had begun when the request was sent. */
	#answersBefore = 0;

	constructor(request: OutgoingRequest, call: HttpCall, connections: Http1Connections) {
		this.#request = request;
		this.#call = call;
		this.#connections = connections;
	}

	/** Whether nothing is to be sent any more. */
	get isOver(): boolean {
		return this.#call === undefined;
	}

	/** Notes that it waits for a connection. */
	wait(place: Place): void {
		this.#place = place;
		this.waitsSince = performance.now();
	}

	/** Sends the request over a client that is free. */
	sendOver(client: Client): void {
		const request = this.#request as OutgoingRequest;
		this.#place = undefined;
		this.#client = client;
		client.dispatch(request, this);
	}

	onRequestStart(controller: Dispatcher.DispatchController): void {
		this.#sent = true;
		this.#answersBefore = this.#connections.answers;
		this.#controller = controller;
		// The call may have ended while the client connected.
		if (this.#call?.isOver !== false) controller.abort(callIsOver());
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
		const client = this.#client;
		this.#letGo()?.completed();
		if (client !== undefined) this.#connections.freed(client);
	}

	onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
		const client = this.#client;
		this.#letGo()?.failed(error, this.#sent);
		// Undici is about to clear the client's queue, and must not find the next request in it.
		if (client !== undefined) queueMicrotask(() => this.#connections.freed(client, true));
	}

	abort({ code }: ServiceError): void {
		if (this.#client === undefined) {
			this.#place?.leave();
			this.#letGo();
			return;
		}
		if (!this.#sent) return;
		this.#controller?.abort(callIsOver());
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
		this.#request = undefined;
		this.#call = undefined;
		this.#client = undefined;
		this.#controller = undefined;
		this.#place = undefined;
		return call;
	}
}

function callIsOver(): Error {
	return new Error("the call is over");
}

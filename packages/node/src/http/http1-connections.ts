import type { TLSSocket } from "node:tls";
import { after, type HttpCall, type HttpExit } from "@allium/core/transport";
import type { buildConnector, Dispatcher, Pool } from "undici";
import { platformTimeout } from "../platform/timeout.ts";
import type { RequestBody } from "./request-body.ts";

/** How connections of HTTP/1.1 are held. */
export interface Http1Options {
	readonly origin: string;
	readonly connectTimeoutMs: number;
	/** How many at once; calls beyond wait for one. */
	readonly connections: number;
	readonly maxHeaderBytes: number;
	/** Begins a connection over TLS; undefined for plain ones. */
	readonly dialTls: (() => TLSSocket) | undefined;
}

/** Connections of HTTP/1.1 to one address, each for one call at a time. */
export class Http1Connections {
	readonly #options: Http1Options;
	#pool: Pool | undefined;
	/** The library is loaded with the first call: most processes only serve HTTP. */
	#opening: Promise<Pool> | undefined;

	constructor(options: Http1Options) {
		this.#options = options;
	}

	/** Sends a request for a call. */
	send(path: string, headers: string[], body: string | Buffer | RequestBody, call: HttpCall): void {
		const request: Dispatcher.DispatchOptions = { method: "POST", path, headers, body };
		if (this.#pool !== undefined) {
			this.#pool.dispatch(request, new Handler(call));
			return;
		}
		this.#opening ??= this.#open();
		this.#opening
			.then((pool) => pool.dispatch(request, new Handler(call)))
			.catch((error: Error) => call.failed(error, false));
	}

	/** Ends every request and connection. */
	async close(): Promise<void> {
		const pool = await this.#opening?.catch(() => undefined);
		await pool?.destroy();
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

/** How undici gets connections over TLS: they count when the server has proved who it is. */
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
 * Tells a call what undici tells of its request. When that is over it lets go of both: undici may hold handlers
 * longer than it needs them, and calls come by the million.
 */
class Handler implements Dispatcher.DispatchHandler, HttpExit {
	#call: HttpCall | undefined;
	#controller: Dispatcher.DispatchController | undefined;
	#sent = false;

	constructor(call: HttpCall) {
		this.#call = call;
	}

	onRequestStart(controller: Dispatcher.DispatchController): void {
		this.#sent = true;
		this.#controller = controller;
		this.#call?.began(this);
	}

	onResponseStart(
		_controller: Dispatcher.DispatchController,
		status: number,
		headers: Record<string, string | string[] | undefined>,
	): void {
		// 1xx tells nothing that counts here.
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

	abort(): void {
		this.#controller?.abort(new Error("the call is over"));
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

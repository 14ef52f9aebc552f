import { Agent, type IncomingHttpHeaders, type IncomingMessage, request as plainRequest } from "node:http";
import { type RequestOptions, Agent as SecureAgent, request as secureRequest } from "node:https";
import type { Context } from "@allium/core";
import { after, type Timer } from "@allium/core/transport";
import { backendClosed, tooLarge, unanswered, unreachable } from "./faults.ts";
import type { BackendTls } from "./tls.ts";

/**
 * The most connections for requests that are answered at once. Further requests wait for one: servers bound the
 * connections of each client, Consul for example to 200.
 */
const mostConnections = 32;

/** A request to the server of a backend. */
export interface BackendRequest {
	readonly method: "GET" | "PUT" | "POST" | "DELETE";
	readonly url: string;
	readonly headers?: Readonly<Record<string, string>>;
	/** JSON. */
	readonly body?: string;
	/** How long the server may take until it begins to answer, in milliseconds. */
	readonly timeoutMs: number;
	/** How long the rest of an answer may take that is no stream, in milliseconds. Default: `timeoutMs`. */
	readonly bodyTimeoutMs?: number;
	/** The largest answer, or line of a stream, in bytes. */
	readonly maxBytes: number;
	/** Whether the server answers when it has news, so that the request takes a connection for itself. Default: false. */
	readonly waits?: boolean;
}

/** The answer of a server, whatever its status. */
export interface BackendAnswer {
	readonly status: number;
	readonly headers: IncomingHttpHeaders;
	readonly text: string;
}

/**
 * The requests of one adapter to its server. Each is bounded in time and in the size of its answer. Connections are
 * kept, and `close` ends them all.
 *
 * It is made of `node:http`, because the platform's `fetch` takes neither an authority nor a certificate, ends a
 * stream that is silent for five minutes, and keeps connections that nobody can close.
 */
export class HttpBackend {
	readonly #name: string;
	readonly #tls: BackendTls;
	readonly #agents = new Map<string, Agent>();
	readonly #closing = new AbortController();

	/**
	 * @param name the name of the server for messages, such as `Consul`.
	 * @param tls the authorities and the certificate for `https:`. Default: the authorities that Node trusts.
	 */
	constructor(name: string, tls: BackendTls = {}) {
		this.#name = name;
		this.#tls = tls;
	}

	/**
	 * Sends a request, and reads the whole answer.
	 *
	 * @throws ServiceError `unavailable` when there is none, `failed_precondition` when what answers does not speak HTTP
	 * or is not trusted; the error of the context when that ends.
	 */
	async ask(request: BackendRequest, ctx?: Context): Promise<BackendAnswer> {
		using exchange = this.#begin(request, ctx);
		try {
			const response = await exchange.response;
			exchange.limit(request.bodyTimeoutMs ?? request.timeoutMs);
			const text = await wholeText(response, request.maxBytes);
			return { status: response.statusCode ?? 0, headers: response.headers, text };
		} catch (error) {
			throw this.#explained(exchange, error);
		}
	}

	/**
	 * Sends a request, and reads the lines of the answer as they come, until the context ends. An answer with another
	 * status than 200 is one line.
	 *
	 * @throws ServiceError as `ask` does, also when the stream breaks off.
	 */
	async *lines(
		request: BackendRequest,
		ctx: Context,
	): AsyncGenerator<{ readonly status: number; readonly line: string }> {
		using exchange = this.#begin({ ...request, waits: true }, ctx);
		try {
			const response = await exchange.response;
			const status = response.statusCode ?? 0;
			if (status !== 200) yield { status, line: await wholeText(response, request.maxBytes) };
			else {
				exchange.limit(Number.POSITIVE_INFINITY);
				for await (const line of linesOf(response, request.maxBytes)) yield { status, line };
			}
		} catch (error) {
			throw this.#explained(exchange, error);
		}
	}

	/** Ends all requests and connections. */
	close(): void {
		this.#closing.abort();
		for (const agent of this.#agents.values()) agent.destroy();
	}

	/** The kept connections to a server that is silent are likely to lead nowhere, too. */
	#explained(exchange: Exchange, error: unknown): unknown {
		if (exchange.isTimeUp) {
			for (const agent of this.#agents.values()) {
				for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy();
			}
		}
		return exchange.explained(error);
	}

	#begin(request: BackendRequest, ctx: Context | undefined): Exchange {
		if (ctx?.error !== undefined) throw ctx.error;
		if (this.#closing.signal.aborted) throw backendClosed();
		const exchange = new Exchange(this.#name, request, ctx, this.#closing.signal);
		exchange.send(this.#tls, this.#agentOf(request));
		return exchange;
	}

	#agentOf({ url, waits = false }: BackendRequest): Agent {
		const isSecure = url.startsWith("https:");
		const key = `${isSecure} ${waits}`;
		const known = this.#agents.get(key);
		if (known !== undefined) return known;
		const options = { keepAlive: true, maxSockets: waits ? Number.POSITIVE_INFINITY : mostConnections };
		const agent = isSecure ? new SecureAgent(options) : new Agent(options);
		this.#agents.set(key, agent);
		return agent;
	}
}

/** One request on its way, and the reasons for which it may end. */
class Exchange implements Disposable {
	readonly #name: string;
	readonly #request: BackendRequest;
	readonly #ctx: Context | undefined;
	readonly #ending = new AbortController();
	readonly #response = Promise.withResolvers<IncomingMessage>();
	readonly #unlisten: (() => void)[] = [];
	#hasHead = false;
	#isTimeUp = false;
	#isClosed = false;
	#timer: Timer | undefined;

	constructor(name: string, request: BackendRequest, ctx: Context | undefined, closing: AbortSignal) {
		this.#name = name;
		this.#request = request;
		this.#ctx = ctx;
		this.#endWith(closing, () => {
			this.#isClosed = true;
		});
		if (ctx !== undefined) this.#endWith(ctx.signal, () => {});
		this.#response.promise.catch(() => {});
	}

	get response(): Promise<IncomingMessage> {
		return this.#response.promise;
	}

	/** Whether the server did not answer in time. */
	get isTimeUp(): boolean {
		return this.#isTimeUp;
	}

	/** Gives the exchange this many milliseconds from now on. */
	limit(milliseconds: number): void {
		this.#timer?.stop();
		this.#timer = after(milliseconds, () => {
			this.#isTimeUp = true;
			this.#ending.abort();
		});
	}

	/** @param agent undefined for a connection of its own. */
	send(tls: BackendTls, agent: Agent | undefined): void {
		const { method, url, headers, body } = this.#request;
		const isSecure = url.startsWith("https:");
		const sent = (isSecure ? secureRequest : plainRequest)(url, {
			method,
			headers: { ...headers, ...(body !== undefined && { "content-length": Buffer.byteLength(body) }) },
			agent: agent ?? false,
			signal: this.#ending.signal,
			...(isSecure && secured(tls)),
		});
		// The wait for a connection is not the server's.
		sent.on("socket", () => this.limit(this.#request.timeoutMs));
		sent.on("response", (response) => {
			this.#hasHead = true;
			this.#response.resolve(response);
		});
		sent.on("error", (error) => {
			// The server closed a kept connection just as the request went out. Adapters send nothing that may not be
			// sent twice.
			const isStale = sent.reusedSocket && !this.#hasHead && "code" in error && error.code === "ECONNRESET";
			if (isStale && !this.#ending.signal.aborted) this.send(tls, undefined);
			else this.#response.reject(error);
		});
		sent.end(body);
	}

	/** The error that a caller gets for one that the platform threw. */
	explained(error: unknown): unknown {
		if (this.#ctx?.error !== undefined) return this.#ctx.error;
		if (this.#isClosed) return backendClosed();
		const { url, timeoutMs } = this.#request;
		if (this.#isTimeUp) return unanswered(this.#name, url, timeoutMs);
		return unreachable(this.#name, url, error);
	}

	[Symbol.dispose](): void {
		this.#timer?.stop();
		for (const unlisten of this.#unlisten) unlisten();
	}

	#endWith(signal: AbortSignal, note: () => void): void {
		const end = (): void => {
			note();
			this.#ending.abort();
		};
		if (signal.aborted) end();
		signal.addEventListener("abort", end);
		this.#unlisten.push(() => signal.removeEventListener("abort", end));
	}
}

function secured({ serverName, ...files }: BackendTls): RequestOptions {
	const name = serverName === undefined ? {} : { servername: serverName };
	// Set explicitly, so that the environment of the process cannot switch the check off.
	return { ...files, ...name, rejectUnauthorized: true };
}

async function wholeText(response: IncomingMessage, maxBytes: number): Promise<string> {
	const chunks: Buffer[] = [];
	let bytes = 0;
	for await (const chunk of response) {
		bytes += chunk.length;
		if (bytes > maxBytes) throw tooLarge(maxBytes);
		chunks.push(chunk);
	}
	return Buffer.concat(chunks).toString();
}

async function* linesOf(response: IncomingMessage, maxBytes: number): AsyncGenerator<string> {
	const decoder = new TextDecoder();
	let rest = "";
	for await (const chunk of response) {
		const [first = "", ...more] = decoder.decode(chunk, { stream: true }).split("\n");
		rest += first;
		for (const next of more) {
			yield rest;
			rest = next;
		}
		if (rest.length > maxBytes) throw tooLarge(maxBytes);
	}
}

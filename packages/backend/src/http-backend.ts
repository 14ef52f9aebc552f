import { Agent, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { Agent as SecureAgent } from "node:https";
import type { ConnectionOptions } from "node:tls";
import type { Context } from "@allium/core";
import type { BackendRequest } from "./backend-request.ts";
import { Exchange } from "./exchange.ts";
import { backendClosed, defaultWithoutTls, tooLarge } from "./faults.ts";
import { tlsConnection } from "./tls.ts";

/**
 * The most connections for requests that are answered at once. Further requests wait for one. Servers bound the
 * connections of each client, Consul for example to 200.
 */
const mostConnections = 32;

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
 * It is made of `node:http`, because the platform's `fetch` accepts neither an authority nor a certificate, ends a
 * stream that is silent for five minutes, and keeps connections that cannot be closed.
 */
export class HttpBackend {
	readonly #name: string;
	readonly #tls: ConnectionOptions;
	readonly #withoutTls: string;
	readonly #agents = new Map<string, Agent>();
	readonly #closing = new AbortController();

	/**
	 * @param name the name of the server for messages, such as `Consul`.
	 * @param tls the authorities and the certificate for `https:`, as `tlsConnection` makes them. Default: the
	 * authorities that Node trusts.
	 * @param withoutTls how to go without TLS, for messages. Default: `leave out "+tls"`.
	 */
	constructor(name: string, tls: ConnectionOptions = tlsConnection({}), withoutTls?: string) {
		this.#name = name;
		this.#tls = tls;
		this.#withoutTls = withoutTls ?? defaultWithoutTls;
	}

	/**
	 * Sends a request, and reads the whole answer.
	 *
	 * @throws ServiceError `unavailable` when there is none, `failed_precondition` when the server does not speak HTTP or
	 * is not trusted; the error of the context when that ends.
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
	 * Sends a request, and reads the lines of the answer as they come, until the context ends. An answer with a status
	 * other than 200 is one line.
	 *
	 * @param opened called when the server has answered 200.
	 * @throws ServiceError as `ask` does, also when the stream breaks off, or is silent for too long.
	 */
	async *lines(
		request: BackendRequest,
		ctx: Context,
		opened?: () => void,
	): AsyncGenerator<{ readonly status: number; readonly line: string }> {
		using exchange = this.#begin({ ...request, waits: true }, ctx);
		try {
			const response = await exchange.response;
			const status = response.statusCode ?? 0;
			if (status !== 200) yield { status, line: await wholeText(response, request.maxBytes) };
			else {
				const { maxBytes, silenceMs = Number.POSITIVE_INFINITY } = request;
				const isAlive = (): void => exchange.limit(silenceMs);
				isAlive();
				opened?.();
				for await (const line of linesOf(response, maxBytes, isAlive)) yield { status, line };
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

	/** The kept connections to a silent server are likely to be dead, too. */
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
		const exchange = new Exchange({
			name: this.#name,
			withoutTls: this.#withoutTls,
			request,
			ctx,
			closing: this.#closing.signal,
		});
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

async function* linesOf(
	response: IncomingMessage,
	maxBytes: number,
	isAlive: () => void,
): AsyncGenerator<string> {
	const decoder = new TextDecoder();
	let rest = "";
	for await (const chunk of response) {
		isAlive();
		const [first = "", ...more] = decoder.decode(chunk, { stream: true }).split("\n");
		rest += first;
		for (const next of more) {
			yield rest;
			rest = next;
		}
		if (rest.length > maxBytes) throw tooLarge(maxBytes);
	}
	if (rest.trim() !== "") throw new Error("the stream ended within a line");
}

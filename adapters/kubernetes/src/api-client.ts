import http, { type IncomingMessage } from "node:http";
import https from "node:https";
import { StringDecoder } from "node:string_decoder";
import { errorText, ServiceError } from "@allium/core";
import { after, type Timer } from "@allium/core/transport";
import { ApiError, apiFailure } from "./api-error.ts";
import type { Cluster, ClusterCredentials } from "./cluster.ts";

/** The largest answer that is read whole, in bytes. */
const maxBytes = 64 * 1024 * 1024;
/** The longest line of a watch, in UTF-16 code units. A slice has at most 1,000 endpoints of some hundred bytes. */
const maxLine = 8 * 1024 * 1024;
/** The interval at which the system probes connections on which nothing happens, in milliseconds. */
const probeMs = 15_000;

/** An answer that is read whole may take this many times as long as it may take to begin. */
const wholeAnswer = 3;

/** How long a server may take. */
export interface ApiBounds {
	/** Until an answer begins, and between its parts, in milliseconds. A whole answer may take three times as long. */
	readonly answerMs: number;
	/** How long a watch may be silent, in milliseconds. */
	readonly silenceMs: number;
}

/** What is asked of an API server. */
export interface ApiRequest {
	/** The path and query. */
	readonly path: string;
	/** What that is in words, for errors. */
	readonly what: string;
	/** Ends the request. */
	readonly signal: AbortSignal;
}

/** Asks an API server over connections that are kept open. */
export class ApiClient {
	readonly #cluster: Cluster;
	readonly #bounds: ApiBounds;
	#agent: { readonly agent: http.Agent; readonly credentials: string } | undefined;
	#isClosed = false;

	constructor(cluster: Cluster, bounds: ApiBounds) {
		this.#cluster = cluster;
		this.#bounds = bounds;
	}

	/**
	 * Gets an answer whole.
	 *
	 * @throws ApiError for an answer that is an error; ServiceError `unavailable` where there is none, or it is not JSON.
	 */
	async get(request: ApiRequest): Promise<unknown> {
		const text = await this.#text(await this.#ask(request));
		try {
			return JSON.parse(text);
		} catch (error) {
			const message = `the API server ${this.#cluster.server} answers no JSON to the request to ${request.what}`;
			throw new ServiceError({ code: "unavailable", message, cause: error });
		}
	}

	/**
	 * Reads a watch, line by line, until the server ends it.
	 *
	 * @param opened called when the server has accepted the watch.
	 * @param line called with each line. What it throws ends the watch.
	 * @throws as {@link get}; also `unavailable` when the connection breaks or is silent for too long.
	 */
	async watch(request: ApiRequest, opened: () => void, line: (text: string) => void): Promise<void> {
		const response = await this.#ask(request);
		opened();
		const { silenceMs } = this.#bounds;
		const decoder = new StringDecoder("utf8");
		let rest = "";
		await this.#chunks(response, silenceMs, `the watch was silent for ${silenceMs} ms`, (chunk) => {
			const lines = (rest + decoder.write(chunk)).split("\n");
			rest = lines.pop() ?? "";
			if (rest.length > maxLine) throw new Error(`a line of the watch takes more than ${maxLine} bytes`);
			for (const text of lines) if (text.trim() !== "") line(text);
		});
		if (rest.trim() !== "") throw this.#unreachable(new Error("the watch ended within a line"));
	}

	/** Closes the connections. Requests that wait for an answer fail. */
	close(): void {
		this.#isClosed = true;
		this.#agent?.agent.destroy();
		this.#agent = undefined;
	}

	/** Sends a request, and once more with credentials that were read again where the first were refused. */
	async #ask(request: ApiRequest): Promise<IncomingMessage> {
		const credentials = await this.#cluster.credentials(false);
		const response = await this.#send(request, credentials);
		if (response.statusCode === 200) return response;
		const failure = await this.#failure(request, response);
		if (failure.status !== 401) throw failure;
		const renewed = await this.#cluster.credentials(true);
		if (JSON.stringify(renewed) === JSON.stringify(credentials)) throw failure;
		const second = await this.#send(request, renewed);
		if (second.statusCode === 200) return second;
		throw await this.#failure(request, second);
	}

	async #failure({ what }: ApiRequest, response: IncomingMessage): Promise<ApiError> {
		let body: unknown;
		try {
			body = JSON.parse(await this.#text(response));
		} catch {
			// A proxy in between may answer something else. The status says enough.
		}
		return new ApiError(this.#cluster.server, what, apiFailure(response.statusCode ?? 0, body));
	}

	#send({ path, signal }: ApiRequest, credentials: ClusterCredentials): Promise<IncomingMessage> {
		const { answerMs } = this.#bounds;
		const { token } = credentials;
		const { request } = this.#cluster.server.startsWith("https:") ? https : http;
		return new Promise((resolve, reject) => {
			const sent = request(`${this.#cluster.server}${path}`, {
				agent: this.#agentFor(credentials),
				signal,
				headers: {
					accept: "application/json",
					...(token !== undefined && { authorization: `Bearer ${token}` }),
				},
			});
			const timer = after(answerMs, () =>
				sent.destroy(new Error(`there was no answer within ${answerMs} ms`)),
			);
			sent.on("socket", (socket) => socket.setKeepAlive(true, probeMs));
			sent.on("error", (error) => {
				timer.stop();
				reject(this.#unreachable(error));
			});
			sent.on("response", (response) => {
				timer.stop();
				// A connection that breaks before somebody reads is found when somebody does.
				response.on("error", () => {});
				resolve(response);
			});
			sent.end();
		});
	}

	async #text(response: IncomingMessage): Promise<string> {
		const { answerMs } = this.#bounds;
		const chunks: Buffer[] = [];
		let bytes = 0;
		const latest = performance.now() + wholeAnswer * answerMs;
		await this.#chunks(response, answerMs, `the answer stopped for ${answerMs} ms`, (chunk) => {
			bytes += chunk.length;
			if (bytes > maxBytes) throw new Error(`the answer takes more than ${maxBytes} bytes`);
			if (performance.now() > latest)
				throw new Error(`the answer takes more than ${wholeAnswer * answerMs} ms`);
			chunks.push(chunk);
		});
		return Buffer.concat(chunks).toString();
	}

	/** Reads a body as it comes. Ends the connection where nothing comes for too long, or a chunk is refused. */
	#chunks(
		response: IncomingMessage,
		silenceMs: number,
		silent: string,
		take: (chunk: Buffer) => void,
	): Promise<void> {
		return new Promise((resolve, reject) => {
			let timer: Timer | undefined;
			const fail = (error: unknown): void => {
				timer?.stop();
				response.destroy();
				reject(this.#unreachable(error));
			};
			const wait = (): void => {
				timer?.stop();
				timer = after(silenceMs, () => fail(new Error(silent)));
			};
			// The connection may have broken before this began to read.
			if (response.destroyed) return fail(response.errored ?? new Error("the connection was closed"));
			wait();
			response.on("data", (chunk: Buffer) => {
				wait();
				try {
					take(chunk);
				} catch (error) {
					fail(error);
				}
			});
			response.on("error", fail);
			response.on("close", () => fail(new Error("the connection was closed")));
			response.on("end", () => {
				timer?.stop();
				resolve();
			});
		});
	}

	/** The connections for some credentials. Others get connections of their own. */
	#agentFor({ token: _, ...tls }: ClusterCredentials): http.Agent {
		if (this.#isClosed) throw this.#unreachable(undefined);
		const credentials = JSON.stringify(tls);
		if (this.#agent?.credentials === credentials) return this.#agent.agent;
		this.#agent?.agent.destroy();
		const agent = this.#cluster.server.startsWith("https:")
			? secureAgent(tls)
			: new http.Agent({ keepAlive: true });
		this.#agent = { agent, credentials };
		return agent;
	}

	#unreachable(error: unknown): ServiceError {
		if (error instanceof ServiceError) return error;
		const why = this.#isClosed ? "the registry was closed" : errorText(error);
		const message = `cannot reach the API server ${this.#cluster.server}: ${why}`;
		return new ServiceError({ code: "unavailable", message, cause: error });
	}
}

function secureAgent({ cert, key, ca, serverName, isInsecure }: ClusterCredentials): https.Agent {
	return new https.Agent({
		keepAlive: true,
		rejectUnauthorized: isInsecure !== true,
		...(cert !== undefined && { cert }),
		...(key !== undefined && { key }),
		...(ca !== undefined && { ca }),
		...(serverName !== undefined && { servername: serverName }),
	});
}

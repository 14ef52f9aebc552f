import { type BackendAnswer, type BackendRequest, HttpBackend } from "@allium/backend";
import { Context, ServiceError } from "@allium/core";
import { ApiError, apiFailure } from "./api-error.ts";
import type { Cluster, ClusterCredentials } from "./cluster.ts";

/** The largest answer that is read whole, in bytes. */
const maxBytes = 64 * 1024 * 1024;
/** The longest line of a watch, in bytes. A slice has at most 1,000 endpoints of some hundred bytes. */
const maxLine = 8 * 1024 * 1024;
/** The body of an answer that is read whole may take this many times as long as the answer may take to begin. */
const wholeAnswer = 3;

/** How long a server may take. */
export interface ApiBounds {
	/** Until an answer begins, in milliseconds. The rest of a whole answer may take three times as long. */
	readonly answerMs: number;
	/** How long a watch may be silent, in milliseconds. */
	readonly silenceMs: number;
}

/** A request to an API server. */
export interface ApiRequest {
	/** The path and query. */
	readonly path: string;
	/** The purpose of the request in words, for errors. */
	readonly what: string;
	/** Ends the request. */
	readonly signal: AbortSignal;
}

/** Asks an API server over connections that are kept open. */
export class ApiClient {
	readonly #cluster: Cluster;
	readonly #bounds: ApiBounds;
	#backend: { readonly http: HttpBackend; readonly credentials: string } | undefined;
	#isClosed = false;

	constructor(cluster: Cluster, bounds: ApiBounds) {
		this.#cluster = cluster;
		this.#bounds = bounds;
	}

	/**
	 * Gets an answer whole.
	 *
	 * @throws ApiError for an answer that is an error; ServiceError `unavailable` where there is none, or it is not JSON;
	 * `failed_precondition` where the server is not trusted.
	 */
	async get(request: ApiRequest): Promise<unknown> {
		const bodyTimeoutMs = wholeAnswer * this.#bounds.answerMs;
		const text = await this.#authorized(async (http, sent) => {
			const answer = await http.ask({ ...this.#request(request, sent), bodyTimeoutMs }, contextOf(request));
			if (answer.status !== 200) throw this.#failure(request, answer);
			return answer.text;
		});
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
	 * @param take called with each line. An error that it throws ends the watch.
	 * @throws as {@link get}; also `unavailable` when the connection breaks or is silent for too long.
	 */
	async watch(request: ApiRequest, opened: () => void, take: (line: string) => void): Promise<void> {
		const { silenceMs } = this.#bounds;
		await this.#authorized(async (http, credentials) => {
			const sent = { ...this.#request(request, credentials), maxBytes: maxLine, silenceMs };
			for await (const { status, line } of http.lines(sent, contextOf(request), opened)) {
				if (status !== 200) throw this.#failure(request, { status, text: line });
				if (line.trim() !== "") take(line);
			}
		});
	}

	/** Closes the connections. Requests that wait for an answer fail. */
	close(): void {
		this.#isClosed = true;
		this.#backend?.http.close();
	}

	/** Tries a request, and once more with credentials that were read again where the first were refused. */
	async #authorized<T>(
		attempt: (http: HttpBackend, credentials: ClusterCredentials) => Promise<T>,
	): Promise<T> {
		const first = await this.#cluster.credentials(false);
		try {
			return await attempt(this.#backendFor(first), first);
		} catch (error) {
			if (!(error instanceof ApiError) || error.status !== 401) throw error;
			const renewed = await this.#cluster.credentials(true);
			if (JSON.stringify(renewed) === JSON.stringify(first)) throw error;
			return attempt(this.#backendFor(renewed), renewed);
		}
	}

	#request({ path }: ApiRequest, { token }: ClusterCredentials): BackendRequest {
		return {
			method: "GET",
			url: `${this.#cluster.server}${path}`,
			headers: {
				accept: "application/json",
				...(token !== undefined && { authorization: `Bearer ${token}` }),
			},
			timeoutMs: this.#bounds.answerMs,
			maxBytes,
		};
	}

	#failure({ what }: ApiRequest, { status, text }: Pick<BackendAnswer, "status" | "text">): ApiError {
		let body: unknown;
		try {
			body = JSON.parse(text);
		} catch {
			// A proxy in between may answer something else. The status says enough.
		}
		return new ApiError(this.#cluster.server, what, apiFailure(status, body));
	}

	/** The connections for some credentials. Others get connections of their own. */
	#backendFor({ token: _, ...tls }: ClusterCredentials): HttpBackend {
		const credentials = JSON.stringify(tls);
		if (this.#backend?.credentials === credentials) return this.#backend.http;
		this.#backend?.http.close();
		const http = new HttpBackend("the API server", secureOptions(tls), "name its URL with http:");
		this.#backend = { http, credentials };
		// A request that waited for its credentials meanwhile is refused.
		if (this.#isClosed) http.close();
		return http;
	}
}

function contextOf({ signal }: ApiRequest): Context {
	return Context.background().withSignal(signal);
}

function secureOptions({ cert, key, ca, serverName, isInsecure }: ClusterCredentials) {
	return {
		rejectUnauthorized: isInsecure !== true,
		...(cert !== undefined && { cert }),
		...(key !== undefined && { key }),
		...(ca !== undefined && { ca }),
		...(serverName !== undefined && { servername: serverName }),
	};
}

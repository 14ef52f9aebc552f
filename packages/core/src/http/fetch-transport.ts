import type { EncodedMessage } from "../codec/codec.ts";
import type { Format } from "../codec/format.ts";
import type { Context } from "../context/context.ts";
import { type Method, takesStream } from "../contract/method.ts";
import type { Endpoint } from "../endpoint/endpoint.ts";
import { ServiceError, serviceErrorFrom } from "../errors/service-error.ts";
import { standardBytes } from "../transport/pipe.ts";
import type { Dialer, Peer } from "../transport/transport.ts";
import { clientClosed } from "../transport/transport-errors.ts";
import { writeEnvelope } from "./connect/envelope.ts";
import { type FetchRequest, runFetch } from "./connect/fetch-request.ts";
import { getQuery } from "./connect/get-query.ts";
import { type HttpCallee, httpCallee } from "./connect/http-callee.ts";
import { HttpCalls } from "./connect/http-calls.ts";
import { requestHeaders } from "./connect/request-headers.ts";
import { StreamCall } from "./connect/stream-call.ts";
import { UnaryCall } from "./connect/unary-call.ts";

/** How calls are sent by `fetch`. */
export interface FetchOptions {
	/** The scheme of the URLs that it dials. Each scheme needs a transport of its own. Default: `http`. */
	readonly scheme?: "http" | "https";
	/** Whether cookies are sent. Default: `same-origin`, the platform's own default. */
	readonly credentials?: "omit" | "same-origin" | "include";
	/**
	 * The format of messages, such as `protoFormat`. Methods whose schemas have no codec for it are called in JSON.
	 * Default: JSON.
	 */
	readonly format?: Format;
	/**
	 * Whether unary calls of `read` methods are sent as GET, so that caches may keep the answers. An input that does
	 * not fit in a URL is sent by POST. Default: false.
	 */
	readonly get?: boolean;
	/** The largest message that is accepted, in bytes. Default: 4 MiB. */
	readonly maxMessageBytes?: number;
}

/**
 * The Connect protocol over the platform's `fetch`, in browsers and wherever else it exists: unary calls and streams
 * of replies. A method whose input is a stream is refused with `unimplemented`, because `fetch` cannot send a stream;
 * {@link webSocketTransport} can. It only dials.
 */
export function fetchTransport(options: FetchOptions = {}): Dialer {
	const scheme = options.scheme ?? "http";
	return {
		scheme,
		dial: (address: string): Peer => new FetchPeer(address, options),
	};
}

class FetchPeer implements Peer {
	readonly #address: string;
	readonly #base: string;
	readonly #options: FetchOptions;
	readonly #calls = new HttpCalls();
	#closed = false;

	constructor(address: string, options: FetchOptions) {
		const url = URL.parse(address);
		if (url?.protocol !== "http:" && url?.protocol !== "https:") {
			const message = `"${address}" is no address; write it like https://example.org`;
			throw new ServiceError({ code: "invalid_argument", message });
		}
		this.#address = address;
		this.#base = url.origin + url.pathname.replace(/\/+$/, "");
		this.#options = options;
	}

	endpoint(method: Method): Endpoint {
		const { kind, service, path, effect } = method;
		if (takesStream(kind)) {
			return () => Promise.reject(needsWebSocket(method, this.#base));
		}
		const { format, get = false, maxMessageBytes = 4 * 1024 * 1024 } = this.#options;
		const address = this.#address;
		const callee = httpCallee({ method, address, maxMessageBytes, bytes: standardBytes, format });
		const mayGet = get && kind === "unary" && effect === "read";
		const url = `${this.#base}/${path}`;
		return (input, ctx) => {
			const { error } = ctx;
			if (error !== undefined) return Promise.reject(error);
			if (this.#closed) {
				return Promise.reject(serviceErrorFrom(clientClosed(), { notExecuted: true, domain: service }));
			}
			try {
				const message = callee.codecs.input.encode(input);
				const query = mayGet ? getQuery(callee.format.name, message) : undefined;
				return this.#call(
					callee,
					query === undefined ? url : url + query,
					query === undefined ? message : undefined,
					ctx,
				);
			} catch (failure) {
				return Promise.reject(failure);
			}
		};
	}

	async close(): Promise<void> {
		this.#closed = true;
		this.#calls.close();
	}

	/** @param message undefined when the URL contains it. */
	#call(
		callee: HttpCallee,
		url: string,
		message: EncodedMessage | undefined,
		ctx: Context,
	): Promise<unknown> {
		const unary = callee.method.kind === "unary";
		const call = unary ? new UnaryCall(callee, ctx) : new StreamCall(callee, ctx);
		const request: FetchRequest = {
			url,
			headers: requestHeaders(message === undefined ? undefined : callee.contentType, ctx),
			body: message === undefined || unary ? message : writeEnvelope(0, message),
			credentials: this.#options.credentials,
		};
		const output = this.#calls.track(call);
		void runFetch(request, call);
		return output;
	}
}

function needsWebSocket({ path, service }: Method, base: string): ServiceError {
	const url = base.replace(/^http/, "ws");
	return serviceErrorFrom(
		{
			code: "unimplemented",
			reason: "needs_websocket",
			message: `the input of ${path} is a stream, which fetch cannot send; use a WebSocket URL such as ${url}`,
		},
		{ notExecuted: true, domain: service },
	);
}

import type { TLSSocket } from "node:tls";
import { type Context, type Endpoint, type Format, type Method, ServiceError } from "@allium/core";
import {
	getQuery,
	type HttpCall,
	type HttpCallee,
	HttpCalls,
	httpCallee,
	requestHeaders,
	StreamCall,
	UnaryCall,
} from "@allium/core/http";
import { clientClosed, type Peer, serviceErrorFrom } from "@allium/core/transport";
import { bufferBytes } from "../pipe/buffer-bytes.ts";
import { TlsDialer, type TlsProtocol } from "../tls/tls-dialer.ts";
import { gzip } from "./compression.ts";
import { Http1Connections } from "./http1-connections.ts";
import { Http2Connection } from "./http2-connection.ts";
import type { OutgoingRequest } from "./outgoing-request.ts";
import { RequestBody } from "./request-body.ts";
import { acceptCompressed, messageEnvelope, unaryBody } from "./request-compression.ts";

/** How an address is called over HTTP. */
export interface HttpPeerOptions {
	/**
	 * The format of messages, such as `protoFormat`. Methods whose schemas have no codec for it are called in JSON.
	 * Default: JSON.
	 */
	readonly format?: Format;
	/**
	 * The version of HTTP. 1: each call has a pooled connection to itself; methods that stream both ways need
	 * HTTP/2, and use it even so. 2: all calls share one connection. Default: 1.
	 */
	readonly http?: 1 | 2;
	/**
	 * Whether unary calls of `read` methods go out as GET, which caches can store, as long as their input fits in a
	 * URL. Default: false.
	 */
	readonly get?: boolean;
	/**
	 * Compresses messages of 1 KiB and more, and lets the server do the same. It saves bytes and costs time on both
	 * sides, so it helps on slow networks only. Default: off.
	 */
	readonly compress?: "gzip" | undefined;
	/** How long connecting may take, in milliseconds; Infinity for no limit. Default: 5 s. */
	readonly connectTimeoutMs?: number;
	/**
	 * The most connections of HTTP/1.1 for unary calls. Further calls wait for one. Default: 256. From the seventeenth
	 * connection on, a call first waits 5 ms for one that others use.
	 */
	readonly connections?: number;
	/** The most connections of HTTP/1.1 for streams, each of which takes one. Default: 1000. */
	readonly streamConnections?: number;
	/** The largest message that is accepted, in bytes. Default: 4 MiB. */
	readonly maxMessageBytes?: number;
	/** The largest head of a response, in bytes. Default: 16 KiB. */
	readonly maxHeaderBytes?: number;
}

/** How a peer connects over TLS. */
export interface HttpPeerTls {
	readonly dialer?: TlsDialer;
	/** The identity that the server has to prove. Default: that of the host. */
	readonly identity?: string | undefined;
}

/** The connections of one version of HTTP, through which requests go out. */
interface Connections {
	send(request: OutgoingRequest, call: HttpCall): void;
}

/** The destination of one method's calls. */
interface Destination {
	readonly callee: HttpCallee;
	readonly path: string;
	readonly connections: Connections;
	/** Writes a message of a stream in its envelope. */
	readonly write: (message: unknown) => Buffer;
}

/** The way to one address over HTTP, by the Connect protocol. */
export class HttpPeer implements Peer {
	readonly #address: string;
	readonly #basePath: string;
	readonly #options: HttpPeerOptions;
	readonly #unary: Http1Connections;
	/** Streams have connections of their own, so that long streams leave unary calls theirs. */
	readonly #streams: Http1Connections;
	readonly #shared: Http2Connection;
	readonly #calls = new HttpCalls();
	#closed = false;

	/**
	 * @param tls for addresses of `https:`. Without it, the authorities that Node trusts apply, and the host counts.
	 * @throws ServiceError `invalid_argument` when the address is not a URL of HTTP.
	 */
	constructor(address: string, options: HttpPeerOptions = {}, tls: HttpPeerTls = {}) {
		const url = URL.parse(address);
		if (url?.protocol !== "http:" && url?.protocol !== "https:") {
			const message = `"${address}" is no address; write it like http://127.0.0.1:4000`;
			throw new ServiceError({ code: "invalid_argument", message });
		}
		const connectTimeoutMs = options.connectTimeoutMs ?? 5_000;
		const maxHeaderBytes = options.maxHeaderBytes ?? 16 * 1024;
		const { origin } = url;
		this.#address = address;
		this.#basePath = url.pathname.replace(/\/+$/, "");
		this.#options = options;
		const dial = url.protocol === "https:" ? dialWith(url, tls) : undefined;
		const shared = { origin, connectTimeoutMs, maxHeaderBytes, dialTls: dial && (() => dial("http/1.1")) };
		const { connections = 256, streamConnections = 1_000 } = options;
		this.#unary = new Http1Connections({ ...shared, connections, atOnce: 16 });
		this.#streams = new Http1Connections({
			...shared,
			connections: streamConnections,
			atOnce: streamConnections,
		});
		this.#shared = new Http2Connection({ ...shared, origin: url, dialTls: dial && (() => dial("h2")) });
	}

	endpoint(method: Method): Endpoint {
		const { format, get = false, maxMessageBytes = 4 * 1024 * 1024 } = this.#options;
		const address = this.#address;
		const compression = this.#options.compress === undefined ? undefined : gzip;
		const callee = httpCallee({
			method,
			address,
			maxMessageBytes,
			bytes: bufferBytes,
			format,
			compression,
		});
		const { input: codec } = callee.codecs;
		const to: Destination = {
			callee,
			write: (message) => messageEnvelope(codec.encode(message), compression),
			path: `${this.#basePath}/${method.path}`,
			connections: this.#connectionsFor(method),
		};
		const unary = get && method.effect === "read" ? this.#callByGet : this.#callUnary;
		const begin = method.kind === "unary" ? unary : this.#callStream;
		return (input, ctx) => {
			const { error } = ctx;
			if (error !== undefined) return Promise.reject(error);
			if (this.#closed) {
				return Promise.reject(
					serviceErrorFrom(clientClosed(), { notExecuted: true, domain: method.service }),
				);
			}
			try {
				return begin.call(this, to, input, ctx);
			} catch (failure) {
				return Promise.reject(failure);
			}
		};
	}

	async close(): Promise<void> {
		this.#closed = true;
		this.#calls.close();
		await Promise.all([this.#unary.close(), this.#streams.close(), this.#shared.close()]);
	}

	#connectionsFor({ kind }: Method): Connections {
		if (this.#options.http === 2 || kind === "bidi_stream") return this.#shared;
		return kind === "unary" ? this.#unary : this.#streams;
	}

	#callUnary(to: Destination, input: unknown, ctx: Context): Promise<unknown> {
		const { callee, path, connections } = to;
		const headers = requestHeaders(callee.contentType, ctx);
		const body = unaryBody(callee.codecs.input.encode(input), headers, callee.compression);
		const call = new UnaryCall(callee, ctx);
		connections.send({ method: "POST", path, headers, body }, call);
		return this.#calls.track(call);
	}

	#callByGet(to: Destination, input: unknown, ctx: Context): Promise<unknown> {
		const { callee, path, connections } = to;
		const query = getQuery(callee.format.name, callee.codecs.input.encode(input));
		if (query === undefined) return this.#callUnary(to, input, ctx);
		const call = new UnaryCall(callee, ctx);
		const headers = requestHeaders(undefined, ctx);
		if (callee.compression !== undefined) headers.push("accept-encoding", callee.compression.name);
		connections.send({ method: "GET", path: path + query, headers, body: null }, call);
		return this.#calls.track(call);
	}

	#callStream(to: Destination, input: unknown, ctx: Context): Promise<unknown> {
		const { callee, path, connections, write } = to;
		const { method, contentType, compression } = callee;
		const headers = requestHeaders(contentType, ctx);
		if (compression !== undefined) acceptCompressed(headers, compression);
		if (method.kind === "server_stream") {
			const body = write(input);
			const call = new StreamCall(callee, ctx);
			connections.send({ method: "POST", path, headers, body }, call);
			return this.#calls.track(call);
		}
		const call = new StreamCall(callee, ctx, () => body.destroy());
		const messages = input as AsyncIterable<unknown>;
		const body = new RequestBody(messages, write, (error) => call.abort(error));
		connections.send({ method: "POST", path, headers, body }, call);
		return this.#calls.track(call);
	}
}

function dialWith(
	url: URL,
	{ dialer = new TlsDialer(), identity }: HttpPeerTls,
): (protocol: TlsProtocol) => TLSSocket {
	const host = url.hostname.replace(/^\[|\]$/g, "");
	const port = url.port === "" ? 443 : Number(url.port);
	return (protocol) => dialer.dial(host, port, protocol, identity);
}

import type { TLSSocket } from "node:tls";
import { type Context, type Endpoint, jsonCodec, type Method, type Peer, ServiceError } from "@allium/core";
import {
	clientClosed,
	HttpCalls,
	type HttpCallTarget,
	requestHeaders,
	StreamCall,
	serviceErrorFrom,
	streamType,
	UnaryCall,
	unaryType,
} from "@allium/core/transport";
import { bufferBytes } from "../pipe/buffer-bytes.ts";
import { TlsDialer, type TlsProtocol } from "../tls/tls-dialer.ts";
import { writeEnvelope } from "./envelope.ts";
import { Http1Connections } from "./http1-connections.ts";
import { Http2Connection } from "./http2-connection.ts";
import { RequestBody } from "./request-body.ts";

/** How an address is called over HTTP. */
export interface HttpPeerOptions {
	/** How long connecting may take, in milliseconds; Infinity for as long as it takes. Default: 5 s. */
	readonly connectTimeoutMs?: number;
	/** Connections of HTTP/1.1 for unary calls at once; calls beyond wait for one. Default: 256. */
	readonly connections?: number;
	/** Connections of HTTP/1.1 for streams at once, each of which takes one. Default: 1000. */
	readonly streamConnections?: number;
	/** The largest message that is accepted, in bytes. Default: 4 MiB. */
	readonly maxMessageBytes?: number;
	/** The largest head of a response, in bytes. Default: 16 KiB. */
	readonly maxHeaderBytes?: number;
}

/**
 * The way to one address over HTTP: the Connect protocol with JSON, over HTTP/1.1, and over HTTP/2 where both
 * sides are streams.
 */
export class HttpPeer implements Peer {
	readonly #address: string;
	readonly #basePath: string;
	readonly #maxMessageBytes: number;
	readonly #unary: Http1Connections;
	/** Apart, so that long streams leave unary calls their connections. */
	readonly #streams: Http1Connections;
	readonly #duplex: Http2Connection;
	readonly #calls = new HttpCalls();
	#closed = false;

	/**
	 * @param tls for addresses of `https:`; without it, the authorities count that Node trusts.
	 * @throws ServiceError `invalid_argument` when the address is no URL of HTTP.
	 */
	constructor(address: string, options: HttpPeerOptions = {}, tls?: TlsDialer) {
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
		this.#maxMessageBytes = options.maxMessageBytes ?? 4 * 1024 * 1024;
		const dial = url.protocol === "https:" ? dialWith(url, tls ?? new TlsDialer()) : undefined;
		const shared = { origin, connectTimeoutMs, maxHeaderBytes, dialTls: dial && (() => dial("http/1.1")) };
		this.#unary = new Http1Connections({ ...shared, connections: options.connections ?? 256 });
		this.#streams = new Http1Connections({ ...shared, connections: options.streamConnections ?? 1_000 });
		this.#duplex = new Http2Connection({ ...shared, origin: url, dialTls: dial && (() => dial("h2")) });
	}

	endpoint(method: Method): Endpoint {
		const target: HttpCallTarget = {
			method,
			address: this.#address,
			maxMessageBytes: this.#maxMessageBytes,
			bytes: bufferBytes,
		};
		const path = `${this.#basePath}/${method.path}`;
		const begin = method.kind === "unary" ? this.#callUnary : this.#callStream;
		return (input, ctx) => {
			const { error } = ctx;
			if (error !== undefined) return Promise.reject(error);
			if (this.#closed) {
				return Promise.reject(
					serviceErrorFrom(clientClosed(), { notExecuted: true, domain: method.service }),
				);
			}
			try {
				return begin.call(this, target, path, input, ctx);
			} catch (failure) {
				return Promise.reject(failure);
			}
		};
	}

	async close(): Promise<void> {
		this.#closed = true;
		this.#calls.close();
		await Promise.all([this.#unary.close(), this.#streams.close(), this.#duplex.close()]);
	}

	#callUnary(target: HttpCallTarget, path: string, input: unknown, ctx: Context): Promise<unknown> {
		const body = jsonCodec.encode(input);
		const call = new UnaryCall(target, ctx);
		this.#unary.send(path, requestHeaders(unaryType, ctx), body, call);
		return this.#calls.follow(call);
	}

	#callStream(target: HttpCallTarget, path: string, input: unknown, ctx: Context): Promise<unknown> {
		const { kind } = target.method;
		const headers = requestHeaders(streamType, ctx);
		if (kind === "server_stream") {
			const body = writeEnvelope(0, jsonCodec.encode(input));
			const call = new StreamCall(target, ctx);
			this.#streams.send(path, headers, body, call);
			return this.#calls.follow(call);
		}
		const call = new StreamCall(target, ctx, () => body.destroy());
		const body = new RequestBody(input as AsyncIterable<unknown>, (error) => call.abort(error));
		if (kind === "bidi_stream") this.#duplex.send(path, headers, body, call);
		else this.#streams.send(path, headers, body, call);
		return this.#calls.follow(call);
	}
}

function dialWith(url: URL, tls: TlsDialer): (protocol: TlsProtocol) => TLSSocket {
	const host = url.hostname.replace(/^\[|\]$/g, "");
	const port = url.port === "" ? 443 : Number(url.port);
	return (protocol) => tls.dial(host, port, protocol);
}

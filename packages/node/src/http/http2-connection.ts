import type {
	ClientHttp2Session,
	ClientHttp2Stream,
	IncomingHttpHeaders,
	OutgoingHttpHeaders,
} from "node:http2";
import { connect, type Socket } from "node:net";
import { Readable } from "node:stream";
import type { TLSSocket } from "node:tls";
import type { HttpCall } from "@allium/core/http";
import { after, afterSilence, type Timer } from "@allium/core/transport";
import { http2 } from "../platform/builtins.ts";
import { Http2Idle } from "./http2-idle.ts";
import type { OutgoingRequest } from "./outgoing-request.ts";

/** The options of a connection of HTTP/2. */
export interface Http2Options {
	readonly origin: URL;
	readonly connectTimeoutMs: number;
	readonly maxHeaderBytes: number;
	/** Begins a connection over TLS; undefined for plain ones. */
	readonly dialTls: (() => TLSSocket) | undefined;
}

/**
 * After a call ran out of time, the client pings the server. After this silence, in milliseconds, calls use another
 * connection.
 */
const suspectMs = 1_000;

/** After this much further silence, in milliseconds, the calls of the connection fail. */
const silenceMs = 10_000;

/** How long the server may take to end its side of a connection that ends, in milliseconds. */
const endWithinMs = 1_000;

/** How long a connection without calls is kept, in milliseconds. */
const idleTimeoutMs = 60_000;

/** One connection of HTTP/2 to an address. All its calls share it. */
export class Http2Connection {
	readonly #options: Http2Options;
	#current: Session | undefined;
	readonly #open = new Set<Session>();

	constructor(options: Http2Options) {
		this.#options = options;
	}

	/** Sends a request for a call. A stream of messages goes out while the answer comes in. */
	send({ method, path, headers, body }: OutgoingRequest, call: HttpCall): void {
		const session = this.#session();
		const { constants } = http2();
		// A stream that is closed with a code sends its end before the reset. A call that was given up would look
		// complete.
		const ending = new AbortController();
		const stream = session.request(toObject(method, path, headers), ending.signal, body === null);
		call.began({
			abort: ({ code }) => {
				ending.abort();
				if (code === "deadline_exceeded") session.suspect();
			},
			pause: () => stream.pause(),
			resume: () => stream.resume(),
		});
		stream.on("response", (fields: IncomingHttpHeaders & { ":status"?: number }) => {
			call.answered(Number(fields[":status"]), fields);
		});
		stream.on("data", (chunk: Buffer) => call.received(chunk));
		stream.on("end", () => {
			if (stream.rstCode === constants.NGHTTP2_NO_ERROR) call.completed();
			// The rest of the input is no longer needed.
			if (!stream.writableEnded) stream.destroy();
		});
		let failure: unknown;
		stream.on("error", (error) => {
			failure = error.cause ?? error;
		});
		stream.on("close", () => {
			const sent = session.connected && !session.refused(stream);
			call.failed(session.error ?? failure ?? `the stream was reset with code ${stream.rstCode}`, sent);
			if (body instanceof Readable) body.destroy();
		});
		// The body may break off by itself after the call is over.
		if (body instanceof Readable) body.on("error", nothing).pipe(stream);
		else if (body !== null) stream.end(body);
	}

	/** Ends every request and the connection. */
	async close(): Promise<void> {
		const closed = [...this.#open].map((session) => session.closed);
		for (const session of this.#open) session.destroy();
		await Promise.all(closed);
	}

	#session(): Session {
		if (this.#current?.usable !== true) {
			const session = new Session(this.#options);
			this.#current = session;
			this.#open.add(session);
			void session.closed.then(() => this.#open.delete(session));
		}
		return this.#current as Session;
	}
}

/** A session and its state. */
class Session {
	readonly http2: ClientHttp2Session;
	readonly closed: Promise<void>;
	connected = false;
	error: unknown;
	#lastAccepted = Number.POSITIVE_INFINITY;
	readonly #idle: Http2Idle;
	readonly #socket: Socket;
	/** Set while a ping is out, because a call ran out of time and the server may be gone. */
	#suspicion: Timer | undefined;
	/** Set while the session ends. */
	#ending: Timer | undefined;

	constructor({ origin, connectTimeoutMs, maxHeaderBytes, dialTls }: Http2Options) {
		const { hostname, port } = origin;
		const host = hostname.replace(/^\[|\]$/g, "");
		const socket =
			dialTls?.() ?? connect({ host, port: Number(port === "" ? 80 : port), noDelay: true, keepAlive: true });
		this.#socket = socket;
		this.http2 = http2().connect(origin.origin, {
			createConnection: () => socket,
			settings: { enablePush: false, maxHeaderListSize: maxHeaderBytes },
		});
		const timer = afterSilence(connectTimeoutMs, () => {
			this.destroy(new Error(`no connection within ${connectTimeoutMs} ms`));
		});
		this.http2.on("connect", () => {
			this.connected = true;
			timer.stop();
		});
		this.http2.on("error", (error) => {
			this.error = error;
		});
		this.http2.on("goaway", (_code, lastStreamId) => {
			this.#lastAccepted = lastStreamId;
		});
		this.#idle = new Http2Idle(this.http2, idleTimeoutMs, () => this.destroy());
		this.closed = new Promise((resolve) => {
			this.http2.once("close", () => {
				timer.stop();
				this.#suspicion?.stop();
				this.#ending?.stop();
				resolve();
			});
		});
	}

	get usable(): boolean {
		return !this.http2.closed && !this.http2.destroyed && this.#lastAccepted === Number.POSITIVE_INFINITY;
	}

	/**
	 * Ends every stream and the connection. Node would wait for the server to end its side, which never happens over a
	 * connection that carries nothing any more.
	 */
	destroy(error?: Error): void {
		this.http2.destroy(error);
		if (this.#socket.destroyed) return;
		this.#ending ??= after(endWithinMs, () => this.#socket.destroy());
	}

	/** Begins a stream. The signal ends it. */
	request(headers: OutgoingHttpHeaders, signal: AbortSignal, endStream: boolean): ClientHttp2Stream {
		const stream = this.http2.request(headers, { signal, endStream });
		this.#idle.add(stream);
		return stream;
	}

	/**
	 * A call ran out of time, perhaps because the server is gone. Only then is the server pinged, because many servers
	 * count pings as abuse.
	 */
	suspect(): void {
		if (this.#suspicion !== undefined || !this.connected || !this.usable) return;
		this.http2.ping(() => {
			this.#suspicion?.stop();
			this.#suspicion = undefined;
		});
		this.#suspicion = afterSilence(suspectMs, () => {
			// Further calls open another connection. This one ends with the calls that it has.
			this.http2.close();
			this.#suspicion = afterSilence(silenceMs, () => {
				this.destroy(new Error("the server does not answer"));
			});
		});
	}

	/** Whether the server reported that it did not process a stream. */
	refused(stream: ClientHttp2Stream): boolean {
		return (
			stream.rstCode === http2().constants.NGHTTP2_REFUSED_STREAM ||
			(stream.id !== undefined && stream.id > this.#lastAccepted)
		);
	}
}

function toObject(method: string, path: string, headers: readonly string[]): OutgoingHttpHeaders {
	const object: OutgoingHttpHeaders = Object.create(null);
	object[":method"] = method;
	object[":path"] = path;
	for (let index = 0; index < headers.length; index += 2) {
		const name = headers[index] as string;
		const value = headers[index + 1] as string;
		const before = object[name];
		if (before === undefined) object[name] = value;
		else object[name] = Array.isArray(before) ? [...before, value] : [String(before), value];
	}
	return object;
}

function nothing(): void {}

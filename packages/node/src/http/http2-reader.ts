import type {
	Http2Server,
	Http2ServerRequest,
	Http2ServerResponse,
	Http2Session,
	ServerHttp2Session,
} from "node:http2";
import type { Socket } from "node:net";
import type { PeerInfo } from "@allium/core";
import type { Place } from "@allium/core/transport";
import { http2 } from "../platform/builtins.ts";
import type { ServerLimits } from "../server/limits.ts";
import { Overdue } from "../server/overdue.ts";
import type { EarlyAnswers } from "./early-answers.ts";
import { Http2Idle } from "./http2-idle.ts";
import { Http2Load } from "./http2-load.ts";
import { Http2Request } from "./http2-request.ts";
import { Http2Response } from "./http2-response.ts";

/** The beginning of HTTP/2's preface. `P` and `PR` may still become `POST` or `PROPFIND`. */
const preface = Uint8Array.of(0x50, 0x52, 0x49, 0x20);

/** Whether a connection begins with the bytes of HTTP/2. Undefined if more bytes are needed. */
export function beginsHttp2(bytes: Uint8Array): boolean | undefined {
	for (const [index, expected] of preface.entries()) {
		if (index >= bytes.length) return undefined;
		if (bytes[index] !== expected) return false;
	}
	return true;
}

/** The state of a session: its client, and the load of its calls. */
interface Client {
	readonly peer: PeerInfo;
	readonly load: Http2Load;
}

/** Reads requests of HTTP/2 from given connections, by Node's sessions. */
export class Http2Reader {
	readonly #limits: ServerLimits;
	readonly #early: EarlyAnswers;
	readonly #take: (request: Http2Request, response: Http2Response) => void;
	/** Made for the first connection, because most processes never see one. */
	#server: Http2Server | undefined;
	readonly #sessions = new Set<ServerHttp2Session>();
	readonly #clients = new WeakMap<Http2Session, Client>();
	/** Sessions whose client has not yet shown that it speaks HTTP/2, and sessions that should have ended. */
	readonly #handshakes: Overdue<ServerHttp2Session>;
	/** Answers that wait for their clients. */
	readonly #unread: Overdue<Http2Response>;
	#draining = false;

	/** @param take takes up a request. */
	constructor(
		limits: ServerLimits,
		early: EarlyAnswers,
		take: (request: Http2Request, response: Http2Response) => void,
	) {
		this.#limits = limits;
		this.#early = early;
		this.#take = take;
		this.#handshakes = new Overdue(limits.headersTimeoutMs, (session) => session.destroy());
		this.#unread = new Overdue(limits.replyTimeoutMs, (response) => response.cut());
	}

	/** Takes over a connection. Its bytes are unread. */
	accept(socket: Socket, peer: PeerInfo): void {
		this.#server ??= this.#create();
		const opened = (session: ServerHttp2Session): void => this.#open(session, peer);
		// The session begins while the connection is handed over. Its own socket is another object.
		this.#server.on("session", opened);
		this.#server.emit("connection", socket);
		this.#server.removeListener("session", opened);
	}

	/** Tells clients that no more requests are taken. */
	drain(): void {
		this.#draining = true;
		for (const session of this.#sessions) session.close();
	}

	/** Ends all sessions and timers. */
	close(): void {
		this.#draining = true;
		this.#handshakes.close();
		this.#unread.close();
		for (const session of this.#sessions) session.destroy();
		this.#server?.close();
	}

	#create(): Http2Server {
		const { headerBytes, streams, resets } = this.#limits;
		const server = http2().createServer({
			// A second line of defence, against resets of streams that never became requests.
			streamResetBurst: 2 * resets,
			streamResetRate: Math.ceil(resets / 5),
			settings: { maxConcurrentStreams: streams, maxHeaderListSize: headerBytes },
		});
		server.on("request", this.#onRequest);
		return server;
	}

	readonly #onRequest = (original: Http2ServerRequest, response: Http2ServerResponse): void => {
		const { session } = original.stream;
		const client = session && this.#clients.get(session);
		if (client === undefined || !client.load.admits()) {
			original.stream.close(http2().constants.NGHTTP2_REFUSED_STREAM);
			return;
		}
		const request = new Http2Request(original, client.peer, client.load);
		this.#take(request, new Http2Response(request, response, this.#early, this.#unread));
	};

	#open(session: ServerHttp2Session, peer: PeerInfo): void {
		const load = new Http2Load(session, this.#limits);
		this.#clients.set(session, { peer, load });
		this.#sessions.add(session);
		const handshake = this.#handshakes.add(session);
		let closing: Place | undefined;
		session.once("remoteSettings", () => handshake.leave());
		session.once("close", () => {
			this.#sessions.delete(session);
			handshake.leave();
			closing?.leave();
		});
		const idle = new Http2Idle(session, this.#limits.idleTimeoutMs, () => {
			session.close();
			// An incomplete header block keeps a closing session from ending.
			closing = this.#handshakes.add(session);
		});
		session.on("stream", (stream) => {
			load.add(stream);
			idle.add(stream);
		});
		if (this.#draining) session.close();
	}
}

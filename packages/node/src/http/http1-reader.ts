import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { PeerInfo } from "@allium/core";
import { http } from "../platform/builtins.ts";
import { platformTimeout } from "../platform/timeout.ts";
import type { Answer } from "../protocol/answer.ts";
import type { ServerLimits } from "../server/limits.ts";
import { Arrivals } from "./arrivals.ts";
import type { EarlyAnswers } from "./early-answers.ts";
import { Http1Request } from "./http1-request.ts";
import { Http1Response } from "./http1-response.ts";
import { PipelinedRequests } from "./pipelined-requests.ts";

/** Gives a client an answer regardless of its request, and ends the connection. */
export function refuseHttp1(socket: Socket, { status, type, text }: Answer): void {
	const head = `HTTP/1.1 ${status} ${http.STATUS_CODES[status] ?? ""}\r\nconnection: close\r\ncontent-type: ${type}\r\n`;
	// The request is dropped.
	socket.resume();
	socket.end(`${head}content-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
}

/** Reads requests of HTTP/1.1 from given connections, by Node's parser. */
export class Http1Reader {
	readonly #server: Server;
	readonly #early: EarlyAnswers;
	readonly #take: (request: Http1Request, response: Http1Response) => void;
	readonly #headRead: (socket: Socket) => void;
	readonly #pipelined: PipelinedRequests;
	/** The responses to the requests that this turn of the event loop has read. */
	readonly #arrived: Arrivals<ServerResponse>;
	readonly #peers = new WeakMap<Socket, PeerInfo>();

	/**
	 * @param take takes up a request.
	 * @param headRead told of the connection of each head that has been read.
	 */
	constructor(
		limits: ServerLimits,
		early: EarlyAnswers,
		take: (request: Http1Request, response: Http1Response) => void,
		headRead: (socket: Socket) => void = nothing,
	) {
		this.#headRead = headRead;
		this.#early = early;
		this.#take = take;
		this.#pipelined = new PipelinedRequests(limits.pipelinedRequests);
		this.#arrived = new Arrivals(this.#takeUp);
		this.#server = this.#create(limits);
	}

	/** Takes over a connection. Its bytes are unread. */
	accept(socket: Socket, peer: PeerInfo): void {
		this.#peers.set(socket, peer);
		this.#server.emit("connection", socket);
	}

	/** Closes the connections that wait for a request. */
	closeIdle(): void {
		this.#server.closeIdleConnections();
	}

	/** Ends the timers. The owner of the connections ends them. */
	close(): void {
		this.#server.close();
	}

	#create({ headerBytes, headersTimeoutMs, idleTimeoutMs }: ServerLimits): Server {
		const server = http.createServer({
			maxHeaderSize: headerBytes,
			headersTimeout: platformTimeout(headersTimeoutMs),
			// Streams have no time limit here, and a body that is one message has its own.
			requestTimeout: 0,
			keepAliveTimeout: platformTimeout(idleTimeoutMs),
			connectionsCheckingInterval: Math.max(1, Math.min(1_000, headersTimeoutMs)),
			// A client that offers another protocol, as curl offers HTTP/2, is answered in HTTP/1.1.
			shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === "websocket",
		});
		server.on("request", this.#onRequest);
		server.on("upgrade", this.#onUpgrade);
		// Node checks timeouts and idle connections only on a server that listens.
		server.emit("listening");
		return server;
	}

	/**
	 * Takes up a request after this turn of the event loop has read all bytes that are there. By then a body that
	 * came with its head is complete, and the requests of other connections are worked on together.
	 */
	readonly #onRequest = ({ socket }: IncomingMessage, response: ServerResponse): void => {
		this.#headRead(socket);
		if (response.socket === null) this.#pipelined.add(response, this.#takeUp);
		else this.#arrived.add(response);
	};

	readonly #takeUp = (response: ServerResponse): void => {
		const { req: original } = response;
		const { socket } = original;
		// The code that follows listens to the end of the connection, and must not miss it.
		if (socket.destroyed) return;
		const request = new Http1Request(original, this.#peers.get(socket) ?? nobody);
		this.#take(request, new Http1Response(request, response, this.#early));
	};

	/**
	 * Handles a request for a WebSocket as any other, with a response for a layer that refuses it. The bytes behind
	 * its head are unread on its connection again.
	 */
	readonly #onUpgrade = (original: IncomingMessage, _socket: unknown, head: Buffer): void => {
		const { socket } = original;
		this.#headRead(socket);
		// Until another listener is added, the error of a broken connection must not become an uncaught exception.
		socket.on("error", nothing);
		const response = new http.ServerResponse(original);
		response.shouldKeepAlive = false;
		response.once("finish", () => {
			socket.destroySoon();
			// Unread bytes would turn the end into a reset, and the client could lose the answer.
			socket.resume();
		});
		try {
			response.assignSocket(socket);
		} catch {
			// The previous answer has not left yet, and nothing may overtake it.
			socket.destroy();
			return;
		}
		if (head.length > 0) socket.unshift(head);
		const request = new Http1Request(original, this.#peers.get(socket) ?? nobody, socket);
		this.#take(request, new Http1Response(request, response, this.#early));
	};
}

const nobody: PeerInfo = { address: "unknown" };

function nothing(): void {}

import type { Socket } from "node:net";
import { type EndpointTable, type Format, type PeerInfo, ServiceError, toServiceError } from "@allium/core";
import {
	type FrameLimits,
	ServerConnection,
	type ServerConnectionOptions,
	webSocketPath,
	webSocketProtocol,
} from "@allium/core/frames";
import type { WebSocket, WebSocketServer } from "ws";
import type { HttpRequest } from "../http/http-request.ts";
import type { HttpResponse } from "../http/http-response.ts";
import { errorAnswer } from "../protocol/answer.ts";
import type { Port } from "../protocol/port-protocol.ts";
import { isOriginAllowed } from "./origin.ts";
import { ServerWebSocketPipe } from "./server-websocket-pipe.ts";

/** The clients that may speak frames over WebSockets on the one port. */
export interface WebSocketsOptions {
	/** Origins of web pages that may connect, in addition to the origin of the same host; `*` for all. Default: none. */
	readonly origins?: readonly string[];
	/** The formats that are read in addition to JSON. Default: none. */
	readonly formats?: readonly Format[] | undefined;
	readonly limits?: Partial<FrameLimits> | undefined;
}

/** The largest accepted message of a WebSocket, in bytes. A message need not hold whole frames. */
const maxPayloadBytes = 256 * 1024;

/** How long the other side may take to answer a close, in milliseconds, before it is cut. */
const closeTimeoutMs = 5_000;

const serverOptions = {
	noServer: true,
	clientTracking: false,
	perMessageDeflate: false,
	maxPayload: maxPayloadBytes,
	autoPong: false,
	// The library supports this, but its types do not have it yet.
	closeTimeout: closeTimeoutMs,
	handleProtocols: () => webSocketProtocol,
};

/** Speaks frames over the WebSockets of one server, at `/-/ws`. */
export class WebSockets {
	readonly #port: Port;
	readonly #options: WebSocketsOptions;
	readonly #sessions = new Set<Session>();
	/** Loaded with the first request for a WebSocket, because most processes never see one. */
	#server: Promise<WebSocketServer> | undefined;
	#draining = false;

	constructor(port: Port, options: WebSocketsOptions) {
		this.#port = port;
		this.#options = options;
	}

	/**
	 * Takes over the connection of a request that asks for a WebSocket, or refuses it.
	 *
	 * @param socket that connection, with the bytes behind the head unread.
	 */
	upgrade(request: HttpRequest, response: HttpResponse, socket: Socket): void {
		this.#admit(request)
			.then(
				(server) => this.#accept(server, request, response, socket),
				(error) => this.#port.answer(request, response, errorAnswer(toServiceError(error))),
			)
			.catch((error) => {
				this.#port.logger.log("error", "a WebSocket could not be opened", { error });
				socket.destroy();
			});
	}

	/** Takes no new calls, and tells clients so. Resolves when no call is in flight. */
	async drain(): Promise<void> {
		this.#draining = true;
		await Promise.all([...this.#sessions].map((session) => session.drain()));
	}

	/** Ends all of them at once. */
	close(): void {
		this.#draining = true;
		for (const session of this.#sessions) session.close();
	}

	async #admit(request: HttpRequest): Promise<WebSocketServer> {
		this.#check(request);
		await this.#port.admit(request);
		this.#server ??= import("ws").then((library) => new library.WebSocketServer(serverOptions));
		const server = await this.#server;
		if (this.#draining) throw shuttingDown();
		return server;
	}

	#accept(
		server: WebSocketServer,
		{ original, peer }: HttpRequest,
		response: HttpResponse,
		socket: Socket,
	): void {
		// Only Node's reader sees requests for WebSockets.
		if (original === undefined || "stream" in original) throw new TypeError("the request is not one of Node");
		if (response.original !== undefined) response.original.statusCode = 101;
		server.handleUpgrade(original, socket, noBytes, (accepted) => this.#open(accepted, peer));
	}

	#check(request: HttpRequest): void {
		const { path, authority: host } = request;
		const origin = request.header("origin");
		if (path !== webSocketPath) {
			throw new ServiceError({
				code: "not_found",
				message: `there are no WebSockets at ${path}, only at ${webSocketPath}`,
			});
		}
		if (this.#draining) throw shuttingDown();
		if (!isOriginAllowed(origin, host, this.#options.origins ?? [])) {
			this.#port.logger.log("warn", "a WebSocket of a page of another origin was refused", { origin, host });
			throw new ServiceError({
				code: "permission_denied",
				reason: "origin",
				message: `pages of ${origin} may not connect; the server names those that may in its option "origins"`,
			});
		}
		if (!protocolsOf(request).includes(webSocketProtocol)) {
			throw new ServiceError({
				code: "invalid_argument",
				message: `a WebSocket here speaks the subprotocol ${webSocketProtocol}; ask for it`,
			});
		}
	}

	#open(socket: WebSocket, peer: PeerInfo): void {
		const pipe = new ServerWebSocketPipe(socket, peer);
		const session = new Session(pipe, this.#port.endpoints, this.#options);
		this.#sessions.add(session);
		socket.once("close", () => this.#sessions.delete(session));
		if (this.#draining) void session.drain();
	}
}

/** The server's side of one WebSocket. */
class Session {
	readonly #pipe: ServerWebSocketPipe;
	readonly #connection: ServerConnection;

	constructor(pipe: ServerWebSocketPipe, endpoints: EndpointTable, options: ServerConnectionOptions) {
		this.#pipe = pipe;
		this.#connection = new ServerConnection(pipe, endpoints, options);
	}

	drain(): Promise<void> {
		this.#pipe.closeCode = 1001;
		return this.#connection.drain();
	}

	close(): void {
		this.#connection.close();
	}
}

function protocolsOf(request: HttpRequest): string[] {
	return (request.header("sec-websocket-protocol") ?? "").split(",").map((name) => name.trim());
}

function shuttingDown(): ServiceError {
	return new ServiceError({ code: "unavailable", message: "the server is shutting down" });
}

const noBytes = Buffer.alloc(0);

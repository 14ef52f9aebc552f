import type { IncomingMessage, ServerResponse } from "node:http";
import { type EndpointTable, ServiceError, toServiceError } from "@allium/core";
import { type FrameLimits, ServerConnection, webSocketPath, webSocketProtocol } from "@allium/core/frames";
import { askGuard } from "@allium/core/transport";
import type { WebSocket, WebSocketServer } from "ws";
import { errorAnswer } from "../http/answer.ts";
import type { HttpServer } from "../http/http-server.ts";
import { readHead } from "../http/request-head.ts";
import type { Response } from "../http/response.ts";
import { isOriginAllowed } from "./origin.ts";
import { ServerWebSocketPipe } from "./server-websocket-pipe.ts";

/** Whom the one port lets speak frames over WebSockets. */
export interface WebSocketsOptions {
	/** Origins of web pages that may connect, beside those of the same host; `*` for all. Default: none. */
	readonly origins?: readonly string[];
	readonly limits?: Partial<FrameLimits>;
}

/** The largest message of a WebSocket that is taken, in bytes; it need not hold whole frames. */
const maxPayloadBytes = 256 * 1024;

/** How long the other side may take to answer a goodbye, in milliseconds, before it is cut. */
const closeTimeoutMs = 5_000;

const serverOptions = {
	noServer: true,
	clientTracking: false,
	perMessageDeflate: false,
	maxPayload: maxPayloadBytes,
	autoPong: false,
	// Known to the library, not yet to its types.
	closeTimeout: closeTimeoutMs,
	handleProtocols: () => webSocketProtocol,
};

/** Speaks frames over the WebSockets of one server, at `/-/ws`. */
export class WebSockets {
	readonly #http: HttpServer;
	readonly #endpoints: EndpointTable;
	readonly #options: WebSocketsOptions;
	readonly #sessions = new Set<Session>();
	/** Loaded with the first that asks for a WebSocket: most processes never see one. */
	#server: Promise<WebSocketServer> | undefined;
	#draining = false;

	constructor(http: HttpServer, endpoints: EndpointTable, options: WebSocketsOptions) {
		this.#http = http;
		this.#endpoints = endpoints;
		this.#options = options;
	}

	/**
	 * Takes over the connection of a request that asks for a WebSocket, or refuses it.
	 *
	 * @param answer the response, or a layer before it, through which it is refused.
	 */
	upgrade(request: IncomingMessage, response: ServerResponse, answer: Response): void {
		this.#admit(request)
			.then(
				(server) => {
					response.statusCode = 101;
					server.handleUpgrade(request, request.socket, noBytes, (accepted) => this.#open(accepted, request));
				},
				(error) => this.#http.answer(request, answer, errorAnswer(toServiceError(error))),
			)
			.catch((error) => {
				this.#http.logger.log("error", "a WebSocket could not be opened", { error });
				request.socket.destroy();
			});
	}

	/** Takes no new calls and says so. Resolves when none is in flight. */
	async drain(): Promise<void> {
		this.#draining = true;
		await Promise.all([...this.#sessions].map((session) => session.drain()));
	}

	/** Ends all at once. */
	close(): void {
		this.#draining = true;
		for (const session of this.#sessions) session.close();
	}

	async #admit(request: IncomingMessage): Promise<WebSocketServer> {
		this.#check(request);
		await this.#guard(request);
		this.#server ??= import("ws").then((library) => new library.WebSocketServer(serverOptions));
		const server = await this.#server;
		if (this.#draining) throw shuttingDown();
		return server;
	}

	async #guard(request: IncomingMessage): Promise<void> {
		if (this.#endpoints.guard === undefined) return;
		const { metadata, error } = readHead(request);
		if (error !== undefined) throw error;
		const peer = this.#http.peerOf(request);
		await askGuard(this.#endpoints, { peer, path: webSocketPath, metadata });
	}

	#check(request: IncomingMessage): void {
		const { origin, host } = request.headers;
		const path = request.url?.split("?", 1)[0];
		if (path !== webSocketPath) {
			throw new ServiceError({
				code: "not_found",
				message: `there are no WebSockets at ${path}, only at ${webSocketPath}`,
			});
		}
		if (this.#draining) throw shuttingDown();
		if (!isOriginAllowed(origin, host, this.#options.origins ?? [])) {
			this.#http.logger.log("warn", "a WebSocket of a page of another origin was refused", { origin, host });
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

	#open(socket: WebSocket, request: IncomingMessage): void {
		const pipe = new ServerWebSocketPipe(socket, this.#http.peerOf(request));
		const session = new Session(pipe, this.#endpoints, this.#options.limits);
		this.#sessions.add(session);
		socket.once("close", () => this.#sessions.delete(session));
		if (this.#draining) void session.drain();
	}
}

/** The server's side of one WebSocket. */
class Session {
	readonly #pipe: ServerWebSocketPipe;
	readonly #connection: ServerConnection;

	constructor(pipe: ServerWebSocketPipe, endpoints: EndpointTable, limits: Partial<FrameLimits> | undefined) {
		this.#pipe = pipe;
		this.#connection = new ServerConnection(pipe, endpoints, { limits });
	}

	drain(): Promise<void> {
		this.#pipe.closeCode = 1001;
		return this.#connection.drain();
	}

	close(): void {
		this.#connection.close();
	}
}

function protocolsOf({ headers }: IncomingMessage): string[] {
	return (headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim());
}

function shuttingDown(): ServiceError {
	return new ServiceError({ code: "unavailable", message: "the server is shutting down" });
}

const noBytes = Buffer.alloc(0);

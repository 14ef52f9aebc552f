import type { Server as Http1Server, IncomingMessage, ServerResponse } from "node:http";
import type { Http2Server, ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import { type EndpointTable, type Logger, type PeerInfo, ServiceError, toServiceError } from "@allium/core";
import { isCallVerb, isOwnPath, streamType } from "@allium/core/http";
import { type Place, ServerCall } from "@allium/core/transport";
import { http, http2 } from "../platform/builtins.ts";
import { platformTimeout } from "../platform/timeout.ts";
import type { Hosts } from "../server/hosts.ts";
import type { ServerLimits } from "../server/limits.ts";
import { Overdue } from "../server/overdue.ts";
import { SparingLog } from "../server/sparing-log.ts";
import { WebSockets, type WebSocketsOptions } from "../websocket/websockets.ts";
import { type Answer, errorAnswer } from "./answer.ts";
import { BodilessResponse } from "./bodiless-response.ts";
import type { BodyBounds, PendingBody } from "./body.ts";
import { CallDeadlines } from "./call-deadlines.ts";
import { EarlyAnswers } from "./early-answers.ts";
import { EventStreamExchange, eventStreamType } from "./event-stream-exchange.ts";
import type { HttpLayer, HttpRequest, HttpResponse } from "./http-layer.ts";
import { Http2Idle } from "./http2-idle.ts";
import { Http2Load } from "./http2-load.ts";
import { Operations, type OperationsOptions } from "./operations.ts";
import { PacedResponse } from "./paced-response.ts";
import { PipelinedRequests } from "./pipelined-requests.ts";
import { authorityOf, isGet, type Request, readHead } from "./request-head.ts";
import { RequestTargets } from "./request-target.ts";
import type { Response } from "./response.ts";
import { RestExchange } from "./rest-exchange.ts";
import { StreamExchange } from "./stream-exchange.ts";
import { UnaryExchange } from "./unary-exchange.ts";

/** What an HTTP server is made with. */
export interface HttpServerOptions extends OperationsOptions {
	readonly endpoints: EndpointTable;
	readonly limits: ServerLimits;
	readonly logger: Logger;
	readonly layer: HttpLayer | undefined;
	/** By which hosts it may be called. */
	readonly hosts: Hosts;
	readonly webSockets: WebSocketsOptions;
}

/** Speaks HTTP/1.1 and HTTP/2 on connections that it is given: Connect calls, REST and operations routes. */
export class HttpServer {
	readonly logger: Logger;
	readonly bodyBounds: BodyBounds;
	readonly deadlines: CallDeadlines = new CallDeadlines();
	draining = false;
	readonly #endpoints: EndpointTable;
	readonly #limits: ServerLimits;
	readonly #operations: Operations;
	readonly #layer: HttpLayer | undefined;
	readonly #hosts: Hosts;
	readonly #targets = new RequestTargets();
	/** For what strangers cause. */
	readonly #sparing: SparingLog;
	readonly #webSockets: WebSockets;
	readonly #http1: Http1Server;
	/** Made for the first connection that speaks it: most processes never see one. */
	#http2: Http2Server | undefined;
	readonly #sessions = new Set<ServerHttp2Session>();
	readonly #pipelined: PipelinedRequests;
	readonly #peers = new WeakMap<object, PeerInfo>();
	readonly #loads = new WeakMap<object, Http2Load>();
	/** Sessions of HTTP/2 whose client has not shown yet that it speaks it, or that should have ended. */
	readonly #handshakes: Overdue<ServerHttp2Session>;
	readonly #early = new EarlyAnswers();
	/** Answers of HTTP/2 that wait for their clients. */
	readonly #unread: Overdue<PacedResponse>;
	#inFlight = 0;
	readonly #idle = Promise.withResolvers<void>();

	constructor(options: HttpServerOptions) {
		const { endpoints, limits, logger, layer, webSockets, hosts } = options;
		this.logger = logger;
		this.#sparing = new SparingLog(logger);
		this.#hosts = hosts;
		this.#endpoints = endpoints;
		this.#layer = layer;
		this.#limits = limits;
		this.#pipelined = new PipelinedRequests(limits.pipelinedRequests);
		this.#operations = new Operations(endpoints, options);
		this.#webSockets = new WebSockets(this, endpoints, webSockets);
		this.bodyBounds = {
			maxBytes: limits.messageBytes,
			timeoutMs: limits.bodyTimeoutMs,
			pending: new Overdue<PendingBody>(limits.bodyTimeoutMs, (body) => body.expire()),
			maxHeldBytes: limits.heldBodyBytes,
			heldBytes: 0,
		};
		this.#handshakes = new Overdue(limits.headersTimeoutMs, (session) => session.destroy());
		this.#unread = new Overdue(limits.replyTimeoutMs, (response) => response.cut());
		this.#http1 = this.#createHttp1();
	}

	/** Takes over a connection that speaks HTTP/1.1, its bytes unread. */
	acceptHttp1(socket: Socket, peer: PeerInfo): void {
		this.#peers.set(socket, peer);
		this.#http1.emit("connection", socket);
	}

	/** Takes over a connection that speaks HTTP/2, its bytes unread. */
	acceptHttp2(socket: Socket, peer: PeerInfo): void {
		const remember = (session: ServerHttp2Session): void => {
			this.#peers.set(session, peer);
		};
		// The session begins while the connection is handed over; its own socket is another object.
		this.#http2 ??= this.#createHttp2();
		this.#http2.on("session", remember);
		this.#http2.emit("connection", socket);
		this.#http2.removeListener("session", remember);
	}

	/** Who sent a request. */
	peerOf(request: Request): PeerInfo {
		const connection = "stream" in request ? request.stream.session : request.socket;
		return (connection && this.#peers.get(connection)) ?? { address: "unknown" };
	}

	/** Says to clients that no more is taken. Resolves when no call is in flight. */
	drain(): Promise<void> {
		this.draining = true;
		for (const session of this.#sessions) session.close();
		this.#check();
		return Promise.all([this.#idle.promise, this.#webSockets.drain()]).then(nothing);
	}

	/** Closes the connections of HTTP/1.1 that wait for a request. */
	closeIdle(): void {
		this.#http1.closeIdleConnections();
	}

	/** Ends everything but the sockets, which are the caller's to destroy. Resolves when every call has ended. */
	close(): Promise<void> {
		this.draining = true;
		this.bodyBounds.pending.close();
		this.deadlines.close();
		this.#handshakes.close();
		this.#early.close();
		this.#unread.close();
		this.#webSockets.close();
		for (const session of this.#sessions) session.destroy();
		this.#http1.close();
		this.#http2?.close();
		this.#check();
		return this.#idle.promise;
	}

	/** A call has come. */
	entered(): void {
		this.#inFlight++;
	}

	/** A call is over and its answer is out. */
	left(): void {
		this.#inFlight--;
		if (this.draining) this.#check();
	}

	/** Gives an answer that is no call's, unless the client is gone. */
	answer(request: Request, response: Response, answer: Answer): void {
		if (response.destroyed) return;
		const closes = this.draining && request.httpVersionMajor === 1;
		response.writeHead(answer.status, {
			"content-type": answer.type,
			"content-length": Buffer.byteLength(answer.text),
			"cache-control": "no-store",
			...answer.headers,
			...(closes && { connection: "close" }),
		});
		response.end(answer.text);
	}

	/** A handler gave a response header, which may stand only once, several values. */
	saysTwice(header: string, method: string | undefined): void {
		this.#sparing.warn("a response header has several values, but HTTP takes one: the first was sent", {
			method,
			header,
		});
	}

	#check(): void {
		if (this.draining && this.#inFlight === 0) this.#idle.resolve();
	}

	/** What the connection of a request costs, where that is counted: in HTTP/2. */
	loadOf(request: Request): Http2Load | undefined {
		const session = "stream" in request ? request.stream.session : undefined;
		return session && this.#loads.get(session);
	}

	/**
	 * Takes a request up when this turn of the event loop has read all that is there: then a body that came with
	 * its head is whole, and what other connections brought is worked on together.
	 */
	readonly #onHttp1Request = (request: IncomingMessage, response: ServerResponse): void => {
		if (response.socket === null) this.#pipelined.add(request, response, this.#takeUp);
		else setImmediate(this.#takeUp, request, response);
	};

	readonly #takeUp = (request: IncomingMessage, response: ServerResponse): void => {
		// What follows listens to the end of the connection, and shall not miss it.
		if (!request.socket.destroyed) this.#onRequest(request, response);
	};

	readonly #onRequest = (request: HttpRequest, plain: HttpResponse): void => {
		if (this.loadOf(request)?.admits() === false && "stream" in request) {
			request.stream.close(http2().constants.NGHTTP2_REFUSED_STREAM);
			return;
		}
		const watched = this.#early.watch(request, plain);
		const paced = "stream" in request ? new PacedResponse(watched, this.#unread) : watched;
		const response = request.method === "HEAD" ? new BodilessResponse(paced) : paced;
		if (!this.#isAddressed(request, response)) return;
		if (this.#layer === undefined) this.#serve(request, response);
		else {
			const serve = (answer = response): void => this.#serve(request, answer);
			this.#throughLayer(this.#layer, request, response, serve, false);
		}
	};

	/** Whether it is clear what a request is for, and this server is whom it names; answers it when not. */
	#isAddressed(request: Request, response: Response): boolean {
		try {
			this.#targets.settle(request);
		} catch (error) {
			// What follows on a connection whose requests cannot be told apart is not read.
			const headers = request.httpVersionMajor === 1 ? { connection: "close" } : {};
			this.answer(request, response, { ...errorAnswer(toServiceError(error)), headers });
			return false;
		}
		return this.#knowsHost(request, response);
	}

	/** Whether a request names a host by which this server may be called; answers it when not. */
	#knowsHost(request: Request, response: Response): boolean {
		if (this.#hosts.isOpen) return true;
		const authority = authorityOf(request);
		if (this.#hosts.allows(authority)) return true;
		const fields = { host: authority?.slice(0, maxLoggedHost), peer: this.peerOf(request).address };
		this.#sparing.warn("a request was refused, as the host that it names is not known", fields);
		this.answer(request, response, unknownHost);
		return false;
	}

	/**
	 * A request for a WebSocket goes the way of all others, with a response for a layer that refuses it. What came behind its
	 * head is unread on its connection again.
	 */
	readonly #onUpgrade = (request: IncomingMessage, _socket: unknown, head: Buffer): void => {
		const { socket } = request;
		// Until somebody else listens, a connection that breaks must not be an uncaught exception.
		socket.on("error", nothing);
		const response = new http.ServerResponse(request);
		response.shouldKeepAlive = false;
		response.once("finish", () => {
			socket.destroySoon();
			// Unread bytes would turn the end into a reset, before which the answer may be lost.
			socket.resume();
		});
		try {
			response.assignSocket(socket);
		} catch {
			// An answer before it is not out yet: nothing may overtake that.
			socket.destroy();
			return;
		}
		if (head.length > 0) socket.unshift(head);
		if (!this.#isAddressed(request, response)) return;
		const upgrade = (answer: Response = response): void => {
			this.#webSockets.upgrade(request, response, answer);
		};
		if (this.#layer === undefined) upgrade();
		else this.#throughLayer(this.#layer, request, response, upgrade, true);
	};

	/** What a layer throws ends its request alone. */
	#throughLayer(
		layer: HttpLayer,
		request: HttpRequest,
		response: HttpResponse,
		next: (response?: HttpResponse) => void,
		isUpgrade: boolean,
	): void {
		try {
			layer(request, response, next, this.peerOf(request), isUpgrade);
		} catch (error) {
			this.logger.log("error", "the HTTP layer threw", { error });
			response.destroy();
		}
	}

	readonly #serve = (request: Request, response: Response): void => {
		const url = request.url ?? "";
		const queryStart = url.indexOf("?");
		const path = queryStart < 0 ? url : url.slice(0, queryStart);
		if (this.#answerRoute(request, response, path)) return;
		const methodStart = path.indexOf("/", 1);
		if (methodStart < 0 || path.startsWith("/-/") || !path.startsWith("/")) {
			this.#operations.answer(this, request, response, path);
			return;
		}
		const head = readHead(request);
		const call = new ServerCall(this.#endpoints, {
			path: path.slice(1),
			metadata: head.metadata,
			peer: this.peerOf(request),
			timeoutMs: head.timeoutMs,
		});
		const kind = call.served?.method.kind ?? "unary";
		const streams = kind !== "unary" && head.mediaType === streamType && request.method === "POST";
		const Kind = streams
			? StreamExchange
			: asksForEvents(request, call)
				? EventStreamExchange
				: UnaryExchange;
		new Kind(this, request, response, head, call).begin();
	};

	/** Answers what a REST route is for; false when there is none. A call of a method comes first. */
	#answerRoute(request: Request, response: Response, path: string): boolean {
		const { routes } = this.#endpoints;
		if (routes === undefined || routes.size === 0 || isOwnPath(path)) return false;
		const { method: verb = "" } = request;
		const served = path.includes("/", 1) ? this.#endpoints.find(path.slice(1)) : undefined;
		if (served !== undefined && isCallVerb(served.method, verb)) return false;
		const match = routes.find(verb, path);
		if (match === undefined) {
			if (routes.verbs(path).length === 0) return false;
			this.#operations.answer(this, request, response, path);
			return true;
		}
		const head = readHead(request);
		const call = new ServerCall(this.#endpoints, {
			path: match.value.method.path,
			metadata: head.metadata,
			peer: this.peerOf(request),
			timeoutMs: head.timeoutMs,
		});
		new RestExchange(this, request, response, head, call, match).begin();
		return true;
	}

	#createHttp1(): Http1Server {
		const { headerBytes, headersTimeoutMs, idleTimeoutMs } = this.#limits;
		const server = http.createServer({
			maxHeaderSize: headerBytes,
			headersTimeout: platformTimeout(headersTimeoutMs),
			// Streams take as long as they take; bodies that are one message have their own bound.
			requestTimeout: 0,
			keepAliveTimeout: platformTimeout(idleTimeoutMs),
			connectionsCheckingInterval: Math.max(1, Math.min(1_000, headersTimeoutMs)),
			// Who offers another protocol, as curl does HTTP/2, is answered in this one.
			shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === "websocket",
		});
		server.on("request", this.#onHttp1Request);
		server.on("upgrade", this.#onUpgrade);
		// Only a server that listens looks after timeouts and idle connections.
		server.emit("listening");
		return server;
	}

	#createHttp2(): Http2Server {
		const { headerBytes, streams, resets, idleTimeoutMs } = this.#limits;
		const server = http2().createServer({
			// A second line: resets of streams that never became requests.
			streamResetBurst: 2 * resets,
			streamResetRate: Math.ceil(resets / 5),
			settings: { maxConcurrentStreams: streams, maxHeaderListSize: headerBytes },
		});
		server.on("request", this.#onRequest);
		server.on("session", (session) => {
			const load = new Http2Load(session, this.#limits);
			this.#loads.set(session, load);
			this.#sessions.add(session);
			const handshake = this.#handshakes.add(session);
			let closing: Place | undefined;
			session.once("remoteSettings", () => handshake.leave());
			session.once("close", () => {
				this.#sessions.delete(session);
				handshake.leave();
				closing?.leave();
			});
			const idle = new Http2Idle(session, idleTimeoutMs, () => {
				session.close();
				// Half of a header block keeps a session that closes from ending.
				closing = this.#handshakes.add(session);
			});
			session.on("stream", (stream) => {
				load.add(stream);
				idle.add(stream);
			});
			if (this.draining) session.close();
		});
		return server;
	}
}

/** Whether a request is one of `EventSource` for a method that may be called so: one that changes nothing. */
function asksForEvents(request: Request, { served }: ServerCall): boolean {
	if (!isGet(request) || served === undefined) return false;
	const { kind, effect } = served.method;
	if (kind !== "server_stream" || effect !== "read") return false;
	return request.headers.accept?.includes(eventStreamType) === true;
}

/** How much of a host that is not known the log shows, in characters. */
const maxLoggedHost = 100;

const unknownHost = errorAnswer(
	new ServiceError({
		code: "permission_denied",
		reason: "host",
		message:
			"only this machine is served here, under localhost and loopback addresses, and not under the host that the request names; the server takes others when they are named in its option hosts, or in ALLIUM_HOSTS",
	}),
);

function nothing(): void {}

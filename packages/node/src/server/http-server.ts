import { ServiceError, toServiceError } from "@allium/core";
import { SparingLog } from "@allium/core/transport";
import { EarlyAnswers } from "../http/early-answers.ts";
import type { HttpLayer } from "../http/http-layer.ts";
import type { HttpReader } from "../http/http-reader.ts";
import type { HttpRequest } from "../http/http-request.ts";
import type { HttpResponse } from "../http/http-response.ts";
import { Http1Reader, refuseHttp1 } from "../http/http1-reader.ts";
import { beginsHttp2, Http2Reader } from "../http/http2-reader.ts";
import { refuseHttp2 } from "../http/http2-refusal.ts";
import { RequestTargets, type UnsettledRequest } from "../http/request-target.ts";
import { StrictReader } from "../http/strict/strict-reader.ts";
import { errorAnswer } from "../protocol/answer.ts";
import { connect } from "../protocol/connect.ts";
import { eventStreams } from "../protocol/event-streams.ts";
import { HttpPort, type HttpPortOptions } from "../protocol/http-port.ts";
import { type MetricsSource, Operations } from "../protocol/operations.ts";
import type { PortProtocol } from "../protocol/port-protocol.ts";
import { ProtocolTable } from "../protocol/protocol-table.ts";
import { Rest } from "../protocol/rest.ts";
import { WebSockets, type WebSocketsOptions } from "../websocket/websockets.ts";
import type { ConnectionProtocol } from "./connection-protocol.ts";
import type { Hosts } from "./hosts.ts";

/** The parts of an HTTP server. */
export interface HttpServerOptions extends HttpPortOptions {
	readonly metrics: MetricsSource | undefined;
	/** Protocols in addition to the server's own. */
	readonly protocols: readonly PortProtocol[];
	readonly layer: HttpLayer | undefined;
	/** The reader of HTTP/1.1. */
	readonly reader: HttpReader;
	/** The hosts by which it may be called. */
	readonly hosts: Hosts;
	readonly webSockets: WebSocketsOptions;
}

/** Serves HTTP/1.1 and HTTP/2 on given connections. It gives each request to the protocol that claims it. */
export class HttpServer {
	readonly #port: HttpPort;
	readonly #protocols: ProtocolTable;
	readonly #layer: HttpLayer | undefined;
	readonly #hosts: Hosts;
	readonly #targets = new RequestTargets();
	/** The log for events that strangers can cause. */
	readonly #sparing: SparingLog;
	readonly #webSockets: WebSockets;
	readonly #early = new EarlyAnswers();
	readonly #http1: Http1Reader | StrictReader;
	readonly #http2: Http2Reader;
	#draining: Promise<void> | undefined;
	#closing: Promise<void> | undefined;

	/** @throws ServiceError `failed_precondition` when the claims of the protocols conflict. */
	constructor(options: HttpServerOptions) {
		const { limits, logger, layer, webSockets, hosts, protocols, metrics, reader } = options;
		this.#sparing = new SparingLog(logger);
		this.#hosts = hosts;
		this.#layer = layer;
		this.#port = new HttpPort(options);
		const names = protocols.map(({ name }) => name);
		const own = [new Rest(), eventStreams, connect, new Operations(metrics, names)];
		this.#protocols = new ProtocolTable(this.#port, [...protocols, ...own]);
		this.#webSockets = new WebSockets(this.#port, webSockets);
		const Reader = reader === "node" ? Http1Reader : StrictReader;
		this.#http1 = new Reader(limits, this.#early, this.#take);
		this.#http2 = new Http2Reader(limits, this.#early, this.#take);
	}

	/**
	 * The protocols of connections, in the order in which first bytes are compared with them. They drain and close
	 * together.
	 */
	get versions(): readonly ConnectionProtocol[] {
		const drain = (): Promise<void> => this.drain();
		const close = (): Promise<void> => this.close();
		return [
			{
				name: "HTTP/2",
				alpn: "h2",
				schemes: undefined,
				begins: beginsHttp2,
				refuse: (socket, error) => refuseHttp2(socket, errorAnswer(error)),
				accept: (socket, peer) => this.#http2.accept(socket, peer),
				drain,
				close,
			},
			{
				name: "HTTP/1.1",
				alpn: "http/1.1",
				schemes: { plain: "http", secure: "https" },
				refuse: (socket, error) => refuseHttp1(socket, errorAnswer(error)),
				// HTTP/1.1 takes all bytes that no other protocol knows, and its parser judges them.
				begins: () => true,
				accept: (socket, peer) => this.#http1.accept(socket, peer),
				drain,
				closeIdle: () => this.#http1.closeIdle(),
				close,
			},
		];
	}

	/** Tells clients that no more calls are taken. Resolves when no call is in flight. */
	drain(): Promise<void> {
		this.#draining ??= this.#drain();
		return this.#draining;
	}

	/** Ends everything but the sockets, which the caller destroys. Resolves when every call has ended. */
	close(): Promise<void> {
		this.#closing ??= this.#close();
		return this.#closing;
	}

	async #drain(): Promise<void> {
		const idle = this.#port.drain();
		this.#http2.drain();
		await Promise.all([idle, this.#webSockets.drain(), this.#protocols.drain()]);
	}

	#close(): Promise<void> {
		const idle = this.#port.close();
		this.#early.close();
		this.#protocols.close();
		this.#webSockets.close();
		this.#http2.close();
		this.#http1.close();
		return idle;
	}

	/** Takes up a request from either reader. */
	readonly #take = (request: UnsettledRequest, response: HttpResponse): void => {
		if (!this.#isAddressed(request, response)) return;
		if (this.#layer === undefined) this.#serve(request, response);
		else this.#throughLayer(this.#layer, request, response);
	};

	#serve(request: HttpRequest, response: HttpResponse): void {
		// A layer may take longer than the client waits, and a response emits its close only once.
		if (response.isClosed) return;
		if (request.upgradeSocket === undefined) this.#protocols.handle(request, response);
		else this.#webSockets.upgrade(request, response, request.upgradeSocket);
	}

	/** An error that a layer throws ends its request alone. */
	#throughLayer(layer: HttpLayer, request: HttpRequest, response: HttpResponse): void {
		try {
			layer(request, response, (answer = response) => this.#serve(request, answer));
		} catch (error) {
			this.#port.logger.log("error", "the HTTP layer threw", { error });
			response.destroy();
		}
	}

	/** Whether the target of a request is clear and its host is this server. If not, it answers the request. */
	#isAddressed(request: UnsettledRequest, response: HttpResponse): boolean {
		try {
			this.#targets.settle(request);
		} catch (error) {
			// When the requests of a connection cannot be told apart, the bytes that follow are not read.
			const headers: Record<string, string> = request.version === 1 ? { connection: "close" } : {};
			this.#port.answer(request, response, { ...errorAnswer(toServiceError(error)), headers });
			return false;
		}
		if (this.#hosts.isOpen || this.#hosts.allows(request.authority)) return true;
		const fields = { host: request.authority?.slice(0, maxLoggedHost), peer: request.peer.address };
		this.#sparing.warn("a request was refused, as the host that it names is not known", fields);
		this.#port.answer(request, response, unknownHost);
		return false;
	}
}

/** How much of an unknown host the log shows, in characters. */
const maxLoggedHost = 100;

const unknownHost = errorAnswer(
	new ServiceError({
		code: "permission_denied",
		reason: "host",
		message:
			"only this machine is served here, under localhost and loopback addresses, and not under the host that the request names; the server takes others when they are named in its option hosts, or in ALLIUM_HOSTS",
	}),
);

import { ServiceError, toServiceError } from "@allium/core";
import { EarlyAnswers } from "../http/early-answers.ts";
import type { HttpLayer } from "../http/http-layer.ts";
import type { HttpRequest } from "../http/http-request.ts";
import type { HttpResponse } from "../http/http-response.ts";
import { Http1Reader, tlsNeeded } from "../http/http1-reader.ts";
import { beginsHttp2, Http2Reader } from "../http/http2-reader.ts";
import { RequestTargets, type UnsettledRequest } from "../http/request-target.ts";
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
import { SparingLog } from "./sparing-log.ts";

/** What an HTTP server is made with. */
export interface HttpServerOptions extends HttpPortOptions {
	readonly metrics: MetricsSource | undefined;
	/** Protocols beside the server's own. */
	readonly protocols: readonly PortProtocol[];
	readonly layer: HttpLayer | undefined;
	/** By which hosts it may be called. */
	readonly hosts: Hosts;
	readonly webSockets: WebSocketsOptions;
}

/** Serves HTTP/1.1 and HTTP/2 on connections that it is given: it gives each request to the protocol that claims it. */
export class HttpServer {
	readonly #port: HttpPort;
	readonly #protocols: ProtocolTable;
	readonly #layer: HttpLayer | undefined;
	readonly #hosts: Hosts;
	readonly #targets = new RequestTargets();
	/** For what strangers cause. */
	readonly #sparing: SparingLog;
	readonly #webSockets: WebSockets;
	readonly #early = new EarlyAnswers();
	readonly #http1: Http1Reader;
	readonly #http2: Http2Reader;
	#draining: Promise<void> | undefined;
	#closing: Promise<void> | undefined;

	/** @throws ServiceError `failed_precondition` when the claims of the protocols conflict. */
	constructor(options: HttpServerOptions) {
		const { limits, logger, layer, webSockets, hosts, protocols, metrics } = options;
		this.#sparing = new SparingLog(logger);
		this.#hosts = hosts;
		this.#layer = layer;
		this.#port = new HttpPort(options);
		const names = protocols.map(({ name }) => name);
		const own = [new Rest(), eventStreams, connect, new Operations(metrics, names)];
		this.#protocols = new ProtocolTable(this.#port, [...protocols, ...own]);
		this.#webSockets = new WebSockets(this.#port, webSockets);
		this.#http1 = new Http1Reader(limits, this.#early, this.#take);
		this.#http2 = new Http2Reader(limits, this.#early, this.#take);
	}

	/** What it speaks on connections, in the order in which their first bytes are looked at. They drain and close as one. */
	get versions(): readonly ConnectionProtocol[] {
		const drain = (): Promise<void> => this.drain();
		const close = (): Promise<void> => this.close();
		return [
			{
				name: "HTTP/2",
				alpn: "h2",
				schemes: undefined,
				begins: beginsHttp2,
				accept: (socket, peer) => this.#http2.accept(socket, peer),
				drain,
				close,
			},
			{
				name: "HTTP/1.1",
				alpn: "http/1.1",
				schemes: { plain: "http", secure: "https" },
				tlsNeeded,
				// What begins as nothing else does is for its parser to judge.
				begins: () => true,
				accept: (socket, peer) => this.#http1.accept(socket, peer),
				drain,
				closeIdle: () => this.#http1.closeIdle(),
				close,
			},
		];
	}

	/** Says to clients that no more is taken. Resolves when no call is in flight. */
	drain(): Promise<void> {
		this.#draining ??= this.#drain();
		return this.#draining;
	}

	/** Ends everything but the sockets, which are the caller's to destroy. Resolves when every call has ended. */
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

	/** Takes up a request, whichever reader it comes from. */
	readonly #take = (request: UnsettledRequest, response: HttpResponse): void => {
		if (!this.#isAddressed(request, response)) return;
		if (this.#layer === undefined) this.#serve(request, response);
		else this.#throughLayer(this.#layer, request, response);
	};

	#serve(request: HttpRequest, response: HttpResponse): void {
		// A layer may take longer than the client waits, and a response closes once.
		if (response.isClosed) return;
		if (request.upgradeSocket === undefined) this.#protocols.handle(request, response);
		else this.#webSockets.upgrade(request, response, request.upgradeSocket);
	}

	/** What a layer throws ends its request alone. */
	#throughLayer(layer: HttpLayer, request: HttpRequest, response: HttpResponse): void {
		try {
			layer(request, response, (answer = response) => this.#serve(request, answer));
		} catch (error) {
			this.#port.logger.log("error", "the HTTP layer threw", { error });
			response.destroy();
		}
	}

	/** Whether it is clear what a request is for, and the host that it names is this server; answers it when not. */
	#isAddressed(request: UnsettledRequest, response: HttpResponse): boolean {
		try {
			this.#targets.settle(request);
		} catch (error) {
			// What follows on a connection whose requests cannot be told apart is not read.
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

import { createServer, type Server as NetServer, type Socket } from "node:net";
import { type EndpointTable, type Logger, type PeerInfo, silentLogger } from "@allium/core";
import { checkedLogger, type Listener } from "@allium/core/transport";
import type { HttpLayer } from "../http/http-layer.ts";
import type { MetricsSource } from "../protocol/operations.ts";
import type { PortProtocol, Readiness } from "../protocol/port-protocol.ts";
import type { ProxyProtocol } from "../proxy/proxy-protocol.ts";
import type { TlsOptions } from "../tls/tls-options.ts";
import type { WebSocketsOptions } from "../websocket/websockets.ts";
import { parseAuthority } from "./authority.ts";
import { Entrance, type InnerProtocol } from "./entrance.ts";
import { Hosts } from "./hosts.ts";
import { HttpServer } from "./http-server.ts";
import { checkServerLimits, defaultServerLimits, type ServerLimits } from "./limits.ts";
import { listenError } from "./listen-error.ts";
import { SparingLog } from "./sparing-log.ts";
import { StalledConnections } from "./stalled-connections.ts";

/** The server's side of one connection that speaks frames. */
export interface FramesSession {
	/** Takes no new calls, and says so; resolves when none is in flight. */
	drain(): Promise<void>;
	/** Ends at once. */
	close(): void;
}

/** How the one port is served. */
export interface ServerOptions {
	/** Default: 127.0.0.1. */
	readonly host?: string;
	/** Default: 0, any free one. */
	readonly port?: number;
	/** The host, or `host:port`, under which others reach this server. Default: where it listens. */
	readonly advertise?: string;
	/**
	 * The hosts by which others may call it, beside its own: `api.example.org`, `*.example.org` for all names below
	 * it, `*` for all. Default: all, but on a loopback address only `localhost`, `*.localhost`, `127.*` and `[::1]`.
	 */
	readonly hosts?: readonly string[];
	/** Default: silent. */
	readonly logger?: Logger;
	/** Takes over a connection that speaks frames, its bytes unread. Without it, such connections are cut. */
	readonly acceptFrames?: (socket: Socket, endpoints: EndpointTable, peer: PeerInfo) => FramesSession;
	/** What `/readyz` answers. Default: ready until it drains. */
	readonly ready?: () => Readiness | Promise<Readiness>;
	/** What `/metrics` answers. Default: 404. */
	readonly metrics?: MetricsSource | undefined;
	readonly limits?: Partial<ServerLimits>;
	/** Speaks TLS on the port, and refuses plain connections unless told otherwise. Default: no TLS. */
	readonly tls?: TlsOptions | undefined;
	/** Which connections begin with a header of the PROXY protocol. Default: none. */
	readonly proxyProtocol?: ProxyProtocol | undefined;
	/** Sees each HTTP request first. */
	readonly http?: HttpLayer;
	/** Protocols over HTTP beside Connect, REST, event streams and the operations routes. Default: none. */
	readonly protocols?: readonly PortProtocol[];
	/** Whom WebSockets are open for. Default: pages of the same host, and clients that are no browsers. */
	readonly webSockets?: WebSocketsOptions;
}

/** How long connections may still bring a request after draining began, so that none is cut while it is sent. */
const lingerMs = 100;

/** How often a dead peer is looked for on a silent connection. */
const keepAliveDelayMs = 30_000;

/**
 * Serves endpoints on one port: frames, and HTTP/1.1 and HTTP/2 with the Connect protocol and the operations
 * routes. A connection's first bytes tell which it is.
 *
 * @throws ServiceError `failed_precondition` when the address cannot be listened on; RangeError for a duration
 * among the limits that cannot be.
 */
export async function listen(endpoints: EndpointTable, options: ServerOptions = {}): Promise<Listener> {
	const server = new Server(endpoints, options);
	await server.open();
	return server;
}

class Server implements Listener {
	#addresses: readonly string[] = [];
	readonly #endpoints: EndpointTable;
	readonly #options: ServerOptions;
	readonly #logger: Logger;
	/** For what strangers cause. */
	readonly #sparing: SparingLog;
	readonly #net: NetServer;
	readonly #http: HttpServer;
	readonly #entrance: Entrance;
	readonly #hosts: Hosts;
	readonly #sockets = new Set<Socket>();
	readonly #stalled: StalledConnections;
	readonly #sessions = new Set<FramesSession>();
	#draining: Promise<void> | undefined;
	#closing: Promise<void> | undefined;
	#wake: (() => void) | undefined;

	constructor(endpoints: EndpointTable, options: ServerOptions) {
		if (options.limits !== undefined) checkServerLimits(options.limits);
		const limits = { ...defaultServerLimits, ...options.limits };
		this.#endpoints = endpoints;
		this.#options = options;
		this.#logger = checkedLogger(options.logger ?? silentLogger);
		this.#sparing = new SparingLog(this.#logger);
		this.#hosts = hostsOf(options);
		this.#http = new HttpServer({
			endpoints,
			limits,
			logger: this.#logger,
			ready: options.ready ?? (() => ({ ok: true })),
			metrics: options.metrics,
			layer: options.http,
			protocols: options.protocols ?? [],
			hosts: this.#hosts,
			webSockets: options.webSockets ?? {},
		});
		this.#entrance = new Entrance({
			limits,
			logger: this.#logger,
			frames: options.acceptFrames !== undefined,
			tls: options.tls,
			proxyProtocol: options.proxyProtocol,
			enter: (socket, protocol, peer) => this.#enter(socket, protocol, peer),
		});
		this.#stalled = new StalledConnections(this.#sockets, limits.replyTimeoutMs, (socket) =>
			this.#cut(socket),
		);
		this.#net = createServer({
			allowHalfOpen: false,
			noDelay: true,
			keepAlive: true,
			keepAliveInitialDelay: keepAliveDelayMs,
		});
		this.#net.maxConnections = limits.connections;
		this.#net.on("connection", (socket) => this.#accept(socket));
		this.#net.on("drop", () => {
			this.#sparing.warn(`a connection was refused: there are ${limits.connections} already`);
		});
	}

	get addresses(): readonly string[] {
		return this.#addresses;
	}

	open(): Promise<void> {
		const { host = "127.0.0.1", port = 0 } = this.#options;
		return new Promise((resolve, reject) => {
			const failed = (error: Error): void => {
				void this.#http.close();
				this.#stalled.close();
				reject(listenError(error, host, port));
			};
			this.#net.once("error", failed);
			this.#net.listen({ host, port }, () => {
				this.#net.removeListener("error", failed);
				this.#net.on("error", (error) => this.#logger.log("error", "the port failed", { error }));
				const bound = this.#net.address();
				if (typeof bound === "object" && bound !== null) this.#hosts.bound(bound.address);
				this.#addresses = this.#reachable(host);
				resolve();
			});
		});
	}

	drain(): Promise<void> {
		this.#draining ??= this.#drain();
		return this.#draining;
	}

	close(): Promise<void> {
		this.#closing ??= this.#close();
		return this.#closing;
	}

	#accept(socket: Socket): void {
		this.#sockets.add(socket);
		socket.on("close", () => this.#sockets.delete(socket));
		// A connection that breaks ends by itself; who owns it listens to its end.
		socket.on("error", nothing);
		this.#entrance.add(socket);
	}

	#enter(socket: Socket, protocol: InnerProtocol, peer: PeerInfo): void {
		if (protocol === "http1") this.#http.acceptHttp1(socket, peer);
		else if (protocol === "http2") this.#http.acceptHttp2(socket, peer);
		else this.#acceptFrames(socket, peer);
	}

	#acceptFrames(socket: Socket, peer: PeerInfo): void {
		const accept = this.#options.acceptFrames;
		if (accept === undefined) {
			const message = "a client spoke frames, which are not switched on here";
			this.#sparing.warn(message, { peer: peer.address });
			socket.destroy();
			return;
		}
		const session = accept(socket, this.#endpoints, peer);
		this.#sessions.add(session);
		socket.on("close", () => this.#sessions.delete(session));
		if (this.#draining !== undefined) void session.drain();
	}

	/** Ends a connection that takes nothing of what waits for it. */
	#cut(socket: Socket): void {
		const peer = `${socket.remoteAddress}:${socket.remotePort}`;
		this.#sparing.warn("a connection was cut, as its client reads nothing of what it is sent", { peer });
		socket.destroy();
	}

	async #drain(): Promise<void> {
		// Fails only when it is closed already.
		this.#net.close(nothing);
		const http = this.#http.drain();
		const sessions = [...this.#sessions].map((session) => session.drain());
		if (this.#sockets.size > 0) await this.#linger();
		this.#entrance.destroy();
		this.#http.closeIdle();
		await Promise.all([http, ...sessions, ...[...this.#sessions].map((session) => session.drain())]);
		this.#http.closeIdle();
	}

	/** Waits for what is under way on connections that are not busy; not when the server closes. */
	#linger(): Promise<void> {
		return new Promise((resolve) => {
			const timer = setTimeout(resolve, lingerMs);
			this.#wake = () => {
				clearTimeout(timer);
				resolve();
			};
		});
	}

	async #close(): Promise<void> {
		const closed = new Promise<void>((resolve) => {
			// Calls back when the last connection is gone, or at once when that has happened.
			this.#net.close(() => resolve());
		});
		this.#wake?.();
		for (const session of this.#sessions) session.close();
		const ended = this.#http.close();
		this.#entrance.close();
		this.#stalled.close();
		for (const socket of this.#sockets) socket.destroy();
		await Promise.all([closed, ended]);
	}

	#reachable(listenHost: string): readonly string[] {
		const bound = this.#net.address();
		const boundPort = typeof bound === "object" && bound !== null ? bound.port : 0;
		const reachable = this.#options.advertise ?? listenHost;
		const { host, port = boundPort } = parseAuthority(reachable) ?? { host: reachable };
		const authority = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
		const { acceptFrames, tls } = this.#options;
		const names = acceptFrames === undefined ? ["http"] : ["allium", "http"];
		const plain = names.map((name) => `${name}://${authority}`);
		if (tls?.cert === undefined) return plain;
		const secure = names.map((name) => `${name === "http" ? "https" : `${name}+tls`}://${authority}`);
		return tls.plain === "allow" ? [...secure, ...plain] : secure;
	}
}

function hostsOf({ hosts, host, advertise }: ServerOptions): Hosts {
	return new Hosts(
		hosts,
		[host, advertise].filter((own) => own !== undefined),
	);
}

function nothing(): void {}

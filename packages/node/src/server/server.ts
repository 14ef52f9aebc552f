import { type AddressInfo, createServer, type Server as NetServer, type Socket } from "node:net";
import { type EndpointTable, type Logger, silentLogger } from "@allium/core";
import { checkedLogger, type Listener, SparingLog } from "@allium/core/transport";
import type { HttpLayer } from "../http/http-layer.ts";
import { defaultHttpReader, type HttpReader } from "../http/http-reader.ts";
import type { MetricsSource } from "../protocol/operations.ts";
import type { PortProtocol, Readiness } from "../protocol/port-protocol.ts";
import type { ProxyProtocol } from "../proxy/proxy-protocol.ts";
import type { TlsOptions } from "../tls/tls-options.ts";
import type { WebSocketsOptions } from "../websocket/websockets.ts";
import { parseAuthority } from "./authority.ts";
import type { ConnectionProtocol } from "./connection-protocol.ts";
import { Entrance } from "./entrance.ts";
import { type AcceptFrames, FramesProtocol } from "./frames-protocol.ts";
import { Hosts } from "./hosts.ts";
import { HttpServer } from "./http-server.ts";
import { checkServerLimits, defaultServerLimits, type ServerLimits } from "./limits.ts";
import { listenError } from "./listen-error.ts";
import { StalledConnections } from "./stalled-connections.ts";

/** How the one port is served. */
export interface ServerOptions {
	/** Default: 127.0.0.1. */
	readonly host?: string;
	/** Default: 0, any free one. */
	readonly port?: number;
	/** The host, or `host:port`, under which others reach this server. Default: the address on which it listens. */
	readonly advertise?: string;
	/**
	 * The hosts by which others may call it, in addition to its own: `api.example.org`, `*.example.org` for all names
	 * below it, `*` for all. Default: all, but on a loopback address only `localhost`, `*.localhost`, `127.*` and `[::1]`.
	 */
	readonly hosts?: readonly string[];
	/** Default: logs nothing. */
	readonly logger?: Logger;
	/** Told once on which address it listens. */
	readonly onListening?: (bound: AddressInfo) => void;
	/** Takes over a connection that speaks frames; its bytes are unread. Without it, such connections are cut. */
	readonly acceptFrames?: AcceptFrames;
	/** The answer of `/readyz`. Default: ready until the server drains. */
	readonly ready?: () => Readiness | Promise<Readiness>;
	/** The answer of `/metrics`. Default: 404. */
	readonly metrics?: MetricsSource | undefined;
	readonly limits?: Partial<ServerLimits>;
	/** Speaks TLS on the port, and refuses plain connections unless told otherwise. Default: no TLS. */
	readonly tls?: TlsOptions | undefined;
	/** Which connections begin with a header of the PROXY protocol. Default: none. */
	readonly proxyProtocol?: ProxyProtocol | undefined;
	/** Sees each HTTP request first. */
	readonly http?: HttpLayer;
	/** The reader of HTTP/1.1. Default: `strict`. */
	readonly httpReader?: HttpReader | undefined;
	/** Protocols over HTTP in addition to Connect, REST, event streams and the operations routes. Default: none. */
	readonly protocols?: readonly PortProtocol[];
	/** The clients that may open WebSockets. Default: pages of the same host, and clients that are not browsers. */
	readonly webSockets?: WebSocketsOptions;
}

/** How long connections may still bring a request after draining began, so that no request is cut while it is sent. */
const lingerMs = 100;

/** How often a silent connection is probed for a dead peer. */
const keepAliveDelayMs = 30_000;

/**
 * Serves endpoints on one port: frames, and HTTP/1.1 and HTTP/2 with the Connect protocol and the operations routes.
 * The first bytes of a connection tell its protocol.
 *
 * @throws ServiceError `failed_precondition` when the server cannot listen on the address; RangeError for a duration
 * among the limits that is not possible.
 */
export async function listen(endpoints: EndpointTable, options: ServerOptions = {}): Promise<Listener> {
	const server = new Server(endpoints, options);
	await server.open();
	return server;
}

class Server implements Listener {
	#addresses: readonly string[] = [];
	readonly #options: ServerOptions;
	readonly #logger: Logger;
	/** The log for events that strangers can cause. */
	readonly #sparing: SparingLog;
	readonly #net: NetServer;
	/** The protocols of connections, in the order in which first bytes are compared with them. */
	readonly #protocols: readonly ConnectionProtocol[];
	readonly #entrance: Entrance;
	readonly #hosts: Hosts;
	readonly #sockets = new Set<Socket>();
	readonly #stalled: StalledConnections;
	#draining: Promise<void> | undefined;
	#closing: Promise<void> | undefined;
	#wake: (() => void) | undefined;

	constructor(endpoints: EndpointTable, options: ServerOptions) {
		if (options.limits !== undefined) checkServerLimits(options.limits);
		const limits = { ...defaultServerLimits, ...options.limits };
		this.#options = options;
		this.#logger = checkedLogger(options.logger ?? silentLogger);
		this.#sparing = new SparingLog(this.#logger);
		this.#hosts = hostsOf(options);
		const http = new HttpServer({
			endpoints,
			limits,
			logger: this.#logger,
			ready: options.ready ?? (() => ({ ok: true })),
			metrics: options.metrics,
			layer: options.http,
			reader: options.httpReader ?? defaultHttpReader,
			protocols: options.protocols ?? [],
			hosts: this.#hosts,
			webSockets: options.webSockets ?? {},
		});
		const frames = new FramesProtocol(options.acceptFrames, endpoints, this.#sparing);
		this.#protocols = [frames, ...http.versions];
		this.#entrance = new Entrance({
			limits,
			logger: this.#logger,
			protocols: this.#protocols,
			tls: options.tls,
			proxyProtocol: options.proxyProtocol,
		});
		this.#stalled = new StalledConnections({
			connections: this.#sockets,
			innerOf: (socket) => this.#entrance.innerOf(socket),
			milliseconds: limits.replyTimeoutMs,
			cut: (socket) => this.#cut(socket),
		});
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
				for (const protocol of this.#protocols) void protocol.close();
				this.#stalled.close();
				reject(listenError(error, host, port));
			};
			this.#net.once("error", failed);
			this.#net.listen({ host, port }, () => {
				this.#net.removeListener("error", failed);
				this.#net.on("error", (error) => this.#logger.log("error", "the port failed", { error }));
				const bound = this.#net.address();
				this.#addresses = this.#reachable(host);
				if (typeof bound === "object" && bound !== null) {
					this.#hosts.bound(bound.address);
					this.#options.onListening?.(bound);
				}
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
		// A connection that breaks ends by itself, and its owner listens to its end.
		socket.on("error", nothing);
		this.#entrance.add(socket);
	}

	/** Ends a connection that takes none of the bytes that wait for it. */
	#cut(socket: Socket): void {
		const peer = `${socket.remoteAddress}:${socket.remotePort}`;
		this.#sparing.warn("a connection was cut because its client does not read what it is sent", { peer });
		socket.destroy();
	}

	async #drain(): Promise<void> {
		// It fails only when it is closed already.
		this.#net.close(nothing);
		const drained = this.#protocols.map((protocol) => protocol.drain());
		if (this.#sockets.size > 0) await this.#linger();
		this.#entrance.destroy();
		this.#closeIdle();
		// Connections arrived while it waited.
		await Promise.all([...drained, ...this.#protocols.map((protocol) => protocol.drain())]);
		this.#closeIdle();
	}

	#closeIdle(): void {
		for (const protocol of this.#protocols) protocol.closeIdle?.();
	}

	/** Gives idle connections time to bring a request that is on its way. It ends early when the server closes. */
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
			// It calls back when the last connection is gone, or at once when that has happened already.
			this.#net.close(() => resolve());
		});
		this.#wake?.();
		const ended = this.#protocols.map((protocol) => protocol.close());
		this.#entrance.close();
		this.#stalled.close();
		for (const socket of this.#sockets) socket.destroy();
		await Promise.all([closed, ...ended]);
	}

	#reachable(listenHost: string): readonly string[] {
		const bound = this.#net.address();
		const boundPort = typeof bound === "object" && bound !== null ? bound.port : 0;
		const reachable = this.#options.advertise ?? listenHost;
		const { host, port = boundPort } = parseAuthority(reachable) ?? { host: reachable };
		const authority = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
		const { tls } = this.#options;
		const schemes = this.#protocols.flatMap((protocol) => protocol.schemes ?? []);
		const plain = schemes.map((scheme) => `${scheme.plain}://${authority}`);
		if (tls?.cert === undefined) return plain;
		const secure = schemes.map((scheme) => `${scheme.secure}://${authority}`);
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

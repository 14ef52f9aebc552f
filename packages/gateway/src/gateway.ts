import { describe, type Guard, type Logger, type Registry } from "@allium/core";
import { type OpenApiDocument, openapi } from "@allium/core/http";
import { checkDuration, checkedLogger, type Listener, PeerPool } from "@allium/core/transport";
import {
	acceptFrames,
	BackendConnection,
	type Config,
	checkServerLimits,
	cors,
	type Environment,
	FailedProcess,
	type HttpLayer,
	isInvalidConfiguration,
	isLoopback,
	Lifecycle,
	Listeners,
	listen,
	NamedTransport,
	nodeDialers,
	type Part,
	reachableHost,
	readConfig,
	readCredentials,
	StartReport,
	type TlsOptions,
	textLogger,
	warnOfOpenPort,
	within,
} from "@allium/node";
import { edge } from "./edge/edge.ts";
import { ReverseProxy } from "./edge/reverse-proxy.ts";
import { type CredentialsSource, defaultHost, defaultPort, type GatewayOptions } from "./gateway-options.ts";
import { forwardedByDefault, forwarding } from "./metadata/forwarding.ts";
import { listing } from "./page/listing.ts";
import { openApiPage } from "./page/openapi-page.ts";
import { frontPage } from "./page/page.ts";
import { Exposure } from "./table/exposure.ts";
import { GatewayTable } from "./table/gateway-table.ts";

/** How long a start waits for the first answer of the registry and its services, in milliseconds. */
const patienceMs = 3_000;

const defaultCompressFromBytes = 1_024;

/** The front door of a system: every registered service behind one address. */
export interface Gateway {
	/** Watches the registry, and listens. Rejects with `failed_precondition` when it was stopped: a gateway starts once. */
	start(): Promise<void>;
	/** Stops in order: not ready, drained, closed. Resolves when no handle is left. */
	stop(): Promise<void>;
	/**
	 * Starts, runs until SIGTERM, SIGINT or `stop()`, and stops. A second signal ends the process at once. An error that
	 * keeps it from starting, such as a port that is taken, is printed in one sentence, and the exit code is 1.
	 */
	run(): Promise<void>;
	/** The URLs at which it can be reached, once it has started. */
	readonly addresses: readonly string[];
	readonly config: Config;
	readonly logger: Logger;
}

/**
 * Makes a gateway. It needs no configuration: it serves the registered services as they come and go.
 *
 * A configuration that cannot be used, such as an address that others can reach without `expose`, is reported by `run`
 * or `start`, whichever comes first.
 *
 * @throws RangeError for a duration that cannot be used.
 * @example
 * await gateway({ expose: ["greeter"], host: "0.0.0.0", port: 80 }).run();
 */
export function gateway(options: GatewayOptions = {}): Gateway {
	try {
		return new NodeGateway(options);
	} catch (error) {
		if (!isInvalidConfiguration(error)) throw error;
		return new FailedProcess("gateway", error, options.logger);
	}
}

class NodeGateway implements Gateway {
	readonly config: Config;
	readonly logger: Logger;
	readonly #options: GatewayOptions;
	readonly #host: string;
	readonly #cors: HttpLayer;
	readonly #registry: Registry;
	readonly #proxy: ReverseProxy;
	readonly #guard: Guard;
	readonly #table: GatewayTable;
	readonly #listeners: Listeners;
	readonly #lifecycle: Lifecycle;

	constructor(options: GatewayOptions) {
		this.config = configOf(options, options.env ?? process.env);
		this.logger = checkedLogger(options.logger ?? textLogger());
		const { config, logger } = this;
		this.#options = options;
		const connection = new BackendConnection("registry", {
			given: options.registry,
			adapters: options.adapters,
			config,
			logger,
			scope: this,
		});
		// It calls over the transport that a URL names, but does not listen there, because no process looks it up.
		const transport = new NamedTransport({ adapters: options.adapters, config, logger, scope: this });
		const dialled = [...(options.transports ?? []), ...transport.transports];
		checkServerLimits(options.limits ?? {});
		if (options.timeoutMs !== undefined) checkDuration("timeoutMs", options.timeoutMs);
		this.#host = config.host ?? defaultHost;
		this.#cors = cors(options.cors ?? []);
		this.#registry = connection.port;
		this.#proxy = new ReverseProxy(options.proxy ?? {}, logger);
		this.#guard = forwarding(options.forward ?? forwardedByDefault, options.guard);
		const tls = towardsServices(config, options.env ?? process.env);
		this.#table = new GatewayTable({
			registry: connection.port,
			namespace: config.namespace,
			peers: new PeerPool(nodeDialers(dialled, { tls, schemes: config.schemes })),
			tls,
			credentials: credentialsOf(options),
			exposure: new Exposure(options.expose, this.#host),
			guard: this.#guard,
			timeoutMs: options.timeoutMs,
			middleware: options.middleware,
			tellsMistakes: this.#tellsMistakes,
			logger,
		});
		this.#listeners = new Listeners(
			{ port: { listen: () => this.#listen() }, endpoints: this.#table, logger },
			options,
		);
		const report = new StartReport({
			name: "gateway",
			logger,
			listeners: this.#listeners,
			registry: connection,
		});
		const parts = [connection, transport, servedTable(this.#table), this.#listeners, report];
		this.#lifecycle = new Lifecycle({ name: "gateway", logger, parts });
	}

	get addresses(): readonly string[] {
		return this.#listeners.addresses;
	}

	start(): Promise<void> {
		return this.#lifecycle.start();
	}

	stop(): Promise<void> {
		return this.#lifecycle.stop();
	}

	run(): Promise<void> {
		return this.#lifecycle.run();
	}

	/** Listens. Requests that are passed on to web services are drained and closed with the port. */
	async #listen(): Promise<Listener> {
		const listener = await this.#openPort();
		this.#proxy.open({ registry: this.#registry, namespace: this.config.namespace });
		return {
			addresses: listener.addresses,
			drain: async () => {
				await Promise.all([listener.drain(), this.#proxy.drain()]);
			},
			close: async () => {
				await listener.close();
				this.#proxy.close();
			},
		};
	}

	#openPort(): Promise<Listener> {
		const { guard, limits, compressFromBytes = defaultCompressFromBytes, cors: origins } = this.#options;
		const { port, advertise, hosts, tls, proxyProtocol, httpReader } = this.config;
		const reached = advertise ?? reachableHost(this.#host);
		return listen(this.#table, {
			host: this.#host,
			port,
			hosts,
			onListening: warnOfOpenPort({ name: "gateway", tls, guard, logger: this.logger }),
			tls,
			proxyProtocol,
			httpReader,
			acceptFrames: acceptFrames(),
			ready: () => ({ ok: this.#isReady && this.#table.isKnown }),
			metrics: this.#options.metrics,
			protocols: this.#options.protocols ?? [],
			logger: this.logger,
			http: edge({
				cors: this.#cors,
				origins: origins ?? [],
				proxy: this.#proxy,
				compressFromBytes,
				guard: this.#guard,
				tellsMistakes: this.#tellsMistakes,
				pages: new Map([
					[
						"/",
						(accept: string, origin: string) =>
							frontPage(listing(this.#table, this.#proxy.routes, origin), accept),
					],
					["/-/openapi", () => openApiPage(this.#openApi())],
				]),
				logger: this.logger,
			}),
			...(origins !== undefined && { webSockets: { origins } }),
			...(limits !== undefined && { limits }),
			...(reached !== undefined && { advertise: reached }),
		});
	}

	get #isReady(): boolean {
		return this.#listeners.isOpen && !this.#lifecycle.isEnding;
	}

	/** Whether callers see mistakes in the program. That is for development, on this machine alone. */
	get #tellsMistakes(): boolean {
		const { NODE_ENV } = this.#options.env ?? process.env;
		return NODE_ENV !== "production" && isLoopback(this.#host);
	}

	/** All served methods, as OpenAPI. */
	#openApi(): OpenApiDocument {
		const { contracts, routes } = this.#table;
		const described = contracts.map((contract) => {
			const { name } = contract["~allium"];
			return describe(contract, routes.of(name), this.#table.securityOf(name));
		});
		return openapi(described, { title: "Allium gateway", version: "1.0.0" });
	}
}

/** The table as a part of the process: it follows the registry. */
function servedTable(table: GatewayTable): Part {
	return {
		name: "the clients",
		async start() {
			table.open();
			// Without an answer the start continues. Services are served once they are known, and /readyz reports when
			// that is.
			await within(patienceMs, table.whenKnown()).catch(() => {});
		},
		stop: () => table.close(),
	};
}

function configOf(options: GatewayOptions, env: Environment): Config {
	const saysPort =
		options.port !== undefined || (env.PORT ?? "") !== "" || /:\d+$/.test(env.ALLIUM_LISTEN ?? "");
	const config = readConfig(env, { ...options, name: "gateway", ...(!saysPort && { port: defaultPort }) });
	return { ...config, tls: forStrangers(config.tls, options, env) };
}

/**
 * TLS of a gateway in a system whose services all have certificates. Its own callers are browsers and other clients
 * without certificates; `expose` and the guard limit what they may call.
 */
function forStrangers(
	tls: TlsOptions | undefined,
	options: GatewayOptions,
	env: Environment,
): TlsOptions | undefined {
	const isSaid = options.tls?.clientCertificates !== undefined || (env.ALLIUM_TLS_CLIENTS ?? "") !== "";
	if (tls === undefined || isSaid || (env.ALLIUM_TLS ?? "") === "") return tls;
	return { ...tls, clientCertificates: "request" };
}

/**
 * TLS towards services. With `ALLIUM_TLS` it is that of the folder, whatever the other TLS options are. So the gateway
 * can show browsers a certificate that they trust, and services the one that they trust.
 */
function towardsServices({ tls, namespace }: Config, env: Environment): TlsOptions | undefined {
	const { ALLIUM_TLS, ALLIUM_TLS_SERVERS } = env;
	if ((ALLIUM_TLS ?? "") === "") return tls;
	return readConfig({ ALLIUM_TLS, ALLIUM_TLS_SERVERS }, { name: "gateway", namespace }).tls;
}

/** The credentials for services: those in the options, or else those of the environment. */
function credentialsOf({ credentials, env = process.env }: GatewayOptions): CredentialsSource {
	if (typeof credentials === "function") return credentials;
	const known = credentials ?? readCredentials(env);
	return () => known;
}

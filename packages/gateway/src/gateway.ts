import {
	type Context,
	describe,
	type Guard,
	type Listener,
	type Logger,
	PeerPool,
	type Registry,
	ServiceError,
	serverDefaults,
} from "@allium/core";
import { type OpenApiDocument, openapi } from "@allium/core/reflection";
import { webSocketPath } from "@allium/core/transport";
import {
	acceptFrames,
	type Config,
	DeferredRegistry,
	type Environment,
	listen,
	maskUrl,
	nodeTransports,
	openRegistry,
	type Runnable,
	reachableHost,
	readConfig,
	runUntilSignal,
	textLogger,
	within,
} from "@allium/node";
import { Cors } from "./edge/cors.ts";
import { edge } from "./edge/edge.ts";
import { ReverseProxy } from "./edge/reverse-proxy.ts";
import { hostOf } from "./edge/url.ts";
import { defaultHost, defaultPort, type GatewayOptions } from "./gateway-options.ts";
import { isLoopback } from "./loopback.ts";
import { forwardedByDefault, forwarding } from "./metadata/forwarding.ts";
import { listing } from "./page/listing.ts";
import { openApiPage } from "./page/openapi-page.ts";
import { frontPage } from "./page/page.ts";
import { Exposure } from "./table/exposure.ts";
import { GatewayTable } from "./table/gateway-table.ts";

/** How long the first answer of the registry and its services is waited for, in milliseconds. */
const patienceMs = 3_000;

const defaultCompressFromBytes = 1_024;

/** The front door of a system: every registered service behind one address. */
export interface Gateway {
	/** Watches the registry, and listens. */
	start(): Promise<void>;
	/** Stops in order: not ready, drained, closed. Resolves when no handle is left. */
	stop(): Promise<void>;
	/**
	 * Starts, runs until SIGTERM or SIGINT, and stops. A second signal ends the process at once. What keeps it from
	 * starting, such as a port that is taken, is printed in one sentence, and the exit code is 1.
	 */
	run(): Promise<void>;
	/** Where it can be reached, once it has started. */
	readonly addresses: readonly string[];
	readonly config: Config;
	readonly logger: Logger;
}

/**
 * Makes a gateway. It needs no configuration: what is registered is served, as it comes and goes.
 *
 * @throws ServiceError `failed_precondition` when an option cannot be, such as an address that others can reach
 * without `expose`.
 * @example
 * await gateway({ expose: ["greeter"], host: "0.0.0.0", port: 80 }).run();
 */
export function gateway(options: GatewayOptions = {}): Gateway {
	return new NodeGateway(options);
}

class NodeGateway implements Gateway, Runnable {
	readonly name = "gateway";
	readonly config: Config;
	readonly logger: Logger;
	readonly #options: GatewayOptions;
	readonly #registry: Registry;
	readonly #host: string;
	readonly #exposure: Exposure;
	readonly #cors: Cors;
	readonly #proxy: ReverseProxy;
	readonly #guard: Guard;
	readonly #table: GatewayTable;
	#listener: Listener | undefined;
	#ready = false;
	#starting: Promise<void> | undefined;
	#stopping: Promise<void> | undefined;
	#released: Promise<void> | undefined;

	constructor(options: GatewayOptions) {
		const given = options.registry;
		this.#options = options;
		this.config = configOf(options, options.env ?? process.env);
		this.logger = options.logger ?? textLogger();
		this.#host = this.config.host ?? defaultHost;
		this.#exposure = new Exposure(options.expose, this.#host);
		this.#cors = new Cors(options.cors ?? []);
		this.#proxy = new ReverseProxy(options.proxy ?? {}, this.logger);
		this.#guard = forwarding(options.forward ?? forwardedByDefault, this.#ownGuard());
		this.#registry =
			typeof given === "object"
				? given
				: new DeferredRegistry(() => openRegistry(this.config.registry, options.adapters));
		this.#table = new GatewayTable({
			registry: this.#registry,
			namespace: this.config.namespace,
			peers: new PeerPool(nodeTransports({ tls: this.config.tls })),
			tls: this.config.tls,
			exposure: this.#exposure,
			guard: this.#guard,
			timeoutMs: options.timeoutMs,
			middleware: options.middleware ?? serverDefaults().middleware,
			logger: this.logger,
		});
	}

	get isStopping(): boolean {
		return this.#stopping !== undefined;
	}

	get addresses(): readonly string[] {
		return this.#listener?.addresses ?? [];
	}

	start(): Promise<void> {
		this.#starting ??= this.#start();
		return this.#starting;
	}

	stop(): Promise<void> {
		const started = this.#starting?.catch(() => {}) ?? Promise.resolve();
		this.#stopping ??= started.then(() => this.#release());
		return this.#stopping;
	}

	run(): Promise<void> {
		return runUntilSignal(this);
	}

	async #start(): Promise<void> {
		try {
			if (this.#registry instanceof DeferredRegistry) await this.#registry.opened();
			this.#table.open();
			// Without an answer it goes on: services are served when they are known, and /readyz says when.
			await within(patienceMs, this.#table.whenKnown()).catch(() => {});
			this.#listener = await this.#listen();
			this.#ready = true;
		} catch (error) {
			await this.#release();
			throw error;
		}
		this.logger.log("info", "gateway is ready", {
			url: this.addresses.find((address) => /^https?:/.test(address)),
			registry: this.#registry.location ?? maskUrl(this.config.registry),
		});
	}

	#listen(): Promise<Listener> {
		const { limits, compressFromBytes = defaultCompressFromBytes, cors } = this.#options;
		const { port, advertise, tls, proxyProtocol } = this.config;
		const reached = advertise ?? reachableHost(this.#host);
		return listen(this.#table, {
			host: this.#host,
			port,
			tls,
			proxyProtocol,
			acceptFrames: acceptFrames(),
			ready: () => ({ ok: this.#ready && this.#table.isKnown }),
			metrics: this.#options.metrics,
			logger: this.logger,
			http: edge({
				cors: this.#cors,
				proxy: this.#proxy,
				compressFromBytes,
				onlyLocal: this.#exposure.isEverything,
				guard: this.#guard,
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
			...(cors !== undefined && { webSockets: { origins: cors } }),
			...(limits !== undefined && { limits }),
			...(reached !== undefined && { advertise: reached }),
		});
	}

	/** All that is served, as OpenAPI. */
	#openApi(): OpenApiDocument {
		const { contracts, routes } = this.#table;
		const described = contracts.map((contract) => describe(contract, routes.of(contract["~allium"].name)));
		return openapi(described, { title: "Allium gateway", version: "1.0.0" });
	}

	/** The guard that was given; before it, that which keeps the WebSockets of other sites out. */
	#ownGuard(): Guard | undefined {
		const { guard, cors = [] } = this.#options;
		if (!this.#exposure.isEverything) return guard;
		return (request, ctx): Context | Promise<Context> => {
			const origin = request.metadata.get("origin");
			if (request.path === webSocketPath && origin !== undefined && !isLocalPage(origin, cors)) {
				throw new ServiceError({
					code: "permission_denied",
					reason: "origin",
					message: `pages of ${origin} may not connect; the gateway names those that may in its option "cors"`,
				});
			}
			return guard === undefined ? ctx : guard(request, ctx);
		};
	}

	/** Ends what is there, in order; what a failed start left, too. */
	#release(): Promise<void> {
		this.#released ??= this.#releaseAll();
		return this.#released;
	}

	async #releaseAll(): Promise<void> {
		const { drainDelayMs = 500, gracePeriodMs = 10_000 } = this.#options;
		this.#ready = false;
		const listener = this.#listener;
		if (listener !== undefined) {
			await new Promise((resolve) => setTimeout(resolve, drainDelayMs));
			const drained = Promise.all([listener.drain(), this.#proxy.drain()]).then(() => {});
			await this.#quietly("drain", () => within(gracePeriodMs, drained));
			await this.#quietly("close", () => listener.close());
		}
		this.#proxy.close();
		await this.#quietly("close the clients", () => this.#table.close());
		const registry = this.#registry;
		if (registry instanceof DeferredRegistry)
			await this.#quietly("close the registry", () => registry.close());
	}

	/** A step of stopping that fails is said, and the next one still done. */
	async #quietly(step: string, action: () => Promise<void>): Promise<void> {
		try {
			await action();
		} catch (error) {
			this.logger.log("warn", `could not ${step} in order`, { error });
		}
	}
}

function configOf(options: GatewayOptions, env: Environment): Config {
	const { registry } = options;
	const saysPort =
		options.port !== undefined || (env.PORT ?? "") !== "" || /:\d+$/.test(env.ALLIUM_LISTEN ?? "");
	return readConfig(env, {
		...options,
		registry: typeof registry === "string" ? registry : undefined,
		...(!saysPort && { port: defaultPort }),
	});
}

function isLocalPage(origin: string, others: readonly string[]): boolean {
	return others.includes("*") || others.includes(origin) || isLoopback(hostOf(URL.parse(origin)?.host ?? ""));
}

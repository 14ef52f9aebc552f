import {
	type AnyContract,
	type Checker,
	type Client,
	type ClientLayers,
	Context,
	createClient,
	describe,
	Endpoints,
	type FrameLimits,
	type Guard,
	Health,
	type Instance,
	keepRegistered,
	type Listener,
	type Logger,
	type Middleware,
	PeerPool,
	type Registration,
	type Registry,
	type ServeOptions,
	type Service,
	serverDefaults,
} from "@allium/core";
import { type Adapters, openRegistry } from "../config/adapters.ts";
import {
	type Config,
	type ConfigOverrides,
	type Environment,
	maskUrl,
	readConfig,
} from "../config/config.ts";
import { DeferredRegistry } from "../config/deferred-registry.ts";
import type { MetricsSource, Readiness } from "../http/operations.ts";
import { acceptFrames } from "../pipe/accept-frames.ts";
import { nodeTransports } from "../pipe/node-transports.ts";
import type { ServerLimits } from "../server/limits.ts";
import { listen } from "../server/server.ts";
import { appFailed, appReady } from "./app-events.ts";
import { MissingContextWatch } from "./missing-context.ts";
import { reachableHost } from "./reachable-host.ts";
import { type Runnable, runUntilSignal } from "./run-until-signal.ts";
import { textLogger } from "./text-logger.ts";
import { within } from "./within.ts";

/** What an app is made with; what is not given comes from the environment, or has a default. */
export interface AppOptions extends Omit<ConfigOverrides, "registry"> {
	/** The name of the application, as registries show it. */
	readonly name: string;
	/** A URL, or a registry that is open already and stays open. */
	readonly registry?: string | Registry;
	/** Adapters by scheme, before those that are installed. */
	readonly adapters?: Adapters;
	/** Lets requests in or not, before their bodies are read. */
	readonly guard?: Guard;
	/**
	 * Wraps every method of every service of the process, outermost first: outside of validation, and of what
	 * `serve` is given. Default: `serverDefaults()`, which is tracing and metrics.
	 */
	readonly middleware?: readonly Middleware[];
	/** What `/metrics` answers, such as `telemetry.prometheus` of `@allium/telemetry`. Default: 404. */
	readonly metrics?: MetricsSource;
	/**
	 * What this process needs to be healthy: `checker("database", …)`. While one that is critical is not, `/readyz`
	 * answers 503, and the registry has others called instead.
	 */
	readonly health?: readonly Checker[];
	/** Default: lines on standard output. */
	readonly logger?: Logger;
	/** How long calls are still accepted after the registry was told, in milliseconds. Default: 500. */
	readonly drainDelayMs?: number;
	/** How long calls in flight may take when the app stops, in milliseconds. Default: 10 s. */
	readonly gracePeriodMs?: number;
	/**
	 * Origins of web pages that may open WebSockets here, such as `https://app.example.org`; `*` for all.
	 * Default: pages of the same host only.
	 */
	readonly origins?: readonly string[];
	/** What the port takes at most; `frames` for what frames take, in both directions. */
	readonly limits?: AppLimits;
	/** Default: that of the process. */
	readonly env?: Environment;
}

/** The bounds of an app. What is not given has its default. */
export interface AppLimits extends Partial<ServerLimits> {
	readonly frames?: Partial<FrameLimits>;
}

/** A process of the system: serves contracts, calls others, and is found by name. */
export interface App {
	/** Serves a contract. Call it before `start` or `run`. */
	serve<C extends AnyContract>(contract: C, service: Service<C>, options?: ServeOptions<C>): void;
	/** A client that finds its instances through the registry. It is closed with the app. */
	client<C extends AnyContract>(contract: C, layers?: ClientLayers): Client<C>;
	/** Listens, then registers. */
	start(): Promise<void>;
	/** Stops in order: not ready, deregistered, drained, closed. Resolves when no handle is left. */
	stop(): Promise<void>;
	/**
	 * Starts, runs until SIGTERM or SIGINT, and stops. A second signal ends the process at once. What keeps it
	 * from starting, such as a port that is taken, is printed in one sentence, and the exit code is 1.
	 */
	run(): Promise<void>;
	/** Where it can be reached, once it has started. */
	readonly addresses: readonly string[];
	readonly config: Config;
	readonly logger: Logger;
}

/**
 * Makes an app from parts that are all exported: endpoints, the one-port server, a registry, a pool of
 * connections. The package `allium` adds its default adapter to this.
 */
export function createApp(options: AppOptions): App {
	return new NodeApp(options);
}

class NodeApp implements App, Runnable {
	readonly config: Config;
	readonly logger: Logger;
	readonly #options: AppOptions;
	readonly #endpoints: Endpoints;
	readonly #registry: Registry;
	readonly #health: Health;
	readonly #peers: PeerPool;
	readonly #clients: { [Symbol.asyncDispose](): Promise<void> }[] = [];
	readonly #contextWatch: MissingContextWatch | undefined;
	#listener: Listener | undefined;
	#registration: Registration | undefined;
	#ready = false;
	#starting: Promise<void> | undefined;
	#stopping: Promise<void> | undefined;
	#released: Promise<void> | undefined;

	constructor(options: AppOptions) {
		const env = options.env ?? process.env;
		const given = options.registry;
		this.#options = options;
		this.config = readConfig(env, { ...options, registry: typeof given === "string" ? given : undefined });
		this.logger = options.logger ?? textLogger();
		this.#peers = new PeerPool(nodeTransports({ tls: this.config.tls, limits: options.limits?.frames }));
		if (env.NODE_ENV !== "production") this.#contextWatch = new MissingContextWatch(this.logger);
		const watched = this.#contextWatch === undefined ? [] : [this.#contextWatch.middleware];
		this.#endpoints = new Endpoints({
			guard: options.guard,
			middleware: [...watched, ...(options.middleware ?? serverDefaults().middleware)],
			logger: this.logger,
		});
		this.#health = new Health(options.health ?? [], {
			onChange: () => this.#tellRegistry(),
			logger: this.logger,
		});
		this.#registry =
			typeof given === "object"
				? given
				: new DeferredRegistry(() => openRegistry(this.config.registry, options.adapters));
	}

	get name(): string {
		return this.#options.name;
	}

	get isStopping(): boolean {
		return this.#stopping !== undefined;
	}

	get addresses(): readonly string[] {
		return this.#listener?.addresses ?? [];
	}

	serve<C extends AnyContract>(contract: C, service: Service<C>, options: ServeOptions<C> = {}): void {
		if (this.#starting !== undefined) throw new TypeError("serve() comes before start() and run()");
		this.#endpoints.serve(contract, service, options);
	}

	client<C extends AnyContract>(contract: C, layers: ClientLayers = {}): Client<C> {
		const client = createClient(contract, {
			registry: this.#registry,
			namespace: this.config.namespace,
			peers: this.#peers,
			logger: this.logger,
			...(this.#contextWatch !== undefined && { onMissingContext: this.#contextWatch.report }),
			...layers,
		});
		this.#clients.push(client);
		return client;
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
			this.#listener = await this.#listen();
			await this.#health.start();
			this.#ready = true;
			this.#registration = await keepRegistered(this.#registry, this.#instance(this.#listener), {
				logger: this.logger,
				ctx: Context.background().withTimeout(10_000),
			});
			// It may have changed meanwhile.
			this.#tellRegistry();
		} catch (error) {
			appFailed.publish({ name: this.#options.name, error });
			await this.#release();
			throw error;
		}
		const { name } = this.#options;
		appReady.publish({ name, addresses: this.addresses });
		this.logger.log("info", `${name} is ready`, {
			url: this.addresses.find((address) => /^https?:/.test(address)),
			registry: this.#registry.location ?? maskUrl(this.config.registry),
		});
	}

	async #listen(): Promise<Listener> {
		const { port, advertise, tls, proxyProtocol } = this.config;
		const { frames: frameLimits, ...limits } = this.#options.limits ?? {};
		const host = this.config.host ?? (this.#isLocal() ? "127.0.0.1" : "0.0.0.0");
		const reached = advertise ?? reachableHost(host);
		return listen(this.#endpoints, {
			host,
			port,
			acceptFrames: acceptFrames(frameLimits),
			webSockets: {
				...(this.#options.origins !== undefined && { origins: this.#options.origins }),
				...(frameLimits !== undefined && { limits: frameLimits }),
			},
			limits,
			tls,
			proxyProtocol,
			ready: () => this.#readiness(),
			metrics: this.#options.metrics,
			logger: this.logger,
			...(reached !== undefined && { advertise: reached }),
		});
	}

	async #readiness(): Promise<Readiness> {
		const { ok, checks } = await this.#health.report();
		return { ok: ok && this.#ready, ...(checks.length > 0 && { checks }) };
	}

	get #status(): "up" | "unhealthy" {
		return this.#health.isHealthy ? "up" : "unhealthy";
	}

	/** Has the registry know how healthy this instance is. */
	#tellRegistry(): void {
		const registration = this.#registration;
		const status = this.#status;
		if (registration === undefined || registration.instance.status === status) return;
		// What the registry does not take now goes along with the next heartbeat, which says what is wrong.
		registration.update({ status }).catch(() => {});
	}

	/** Whether all who can find this process run on the same machine. */
	#isLocal(): boolean {
		return this.config.registry.startsWith("sqlite:") || this.config.registry.startsWith("memory:");
	}

	#instance(listener: Listener): Instance {
		const { namespace, zone, labels } = this.config;
		return {
			id: crypto.randomUUID(),
			app: this.#options.name,
			namespace,
			addresses: listener.addresses,
			services: this.#endpoints.contracts.map((contract) => {
				const routes = this.#endpoints.routes.of(contract["~allium"].name);
				const { name, version, hash } = describe(contract, routes);
				return { name, version, hash };
			}),
			...(zone !== undefined && { zone }),
			labels,
			weight: 1,
			status: this.#status,
			startedAt: new Date().toISOString(),
		};
	}

	/** Ends what is there, in order; what a failed start left, too. */
	#release(): Promise<void> {
		this.#released ??= this.#releaseAll();
		return this.#released;
	}

	async #releaseAll(): Promise<void> {
		this.#ready = false;
		this.#health.stop();
		await this.#quietly("deregister", () => this.#registration?.release());
		const listener = this.#listener;
		if (listener !== undefined) {
			await sleep(this.#options.drainDelayMs ?? 500);
			await this.#quietly("drain", () => within(this.#options.gracePeriodMs ?? 10_000, listener.drain()));
			await this.#quietly("close", () => listener.close());
		}
		await Promise.all(
			this.#clients.map((client) => this.#quietly("close a client", () => client[Symbol.asyncDispose]())),
		);
		if (this.#registry instanceof DeferredRegistry) {
			const registry = this.#registry;
			await this.#quietly("close the registry", () => registry.close());
		}
	}

	/** A step of stopping that fails is said, and the next one still done. */
	async #quietly(step: string, action: () => Promise<void> | undefined): Promise<void> {
		try {
			await action();
		} catch (error) {
			this.logger.log("warn", `could not ${step} in order`, { error });
		}
	}
}

function sleep(milliseconds: number): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

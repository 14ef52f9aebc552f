import {
	type AnyContract,
	type Checker,
	type Client,
	type ClientLayers,
	Context,
	type ContractDescription,
	clientDefaults,
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
	type ServeOptions,
	type Service,
	serverDefaults,
} from "@allium/core";
import { type Config, readConfig } from "../config/config.ts";
import { isInvalidConfiguration } from "../config/invalid-configuration.ts";
import { cors } from "../http/cors.ts";
import type { MetricsSource, Readiness } from "../http/operations.ts";
import { acceptFrames } from "../pipe/accept-frames.ts";
import { nodeTransports } from "../pipe/node-transports.ts";
import { checkServerLimits, type ServerLimits } from "../server/limits.ts";
import { isLoopback } from "../server/loopback.ts";
import { listen } from "../server/server.ts";
import { ContractCheck } from "./contract-check.ts";
import { FailedApp } from "./failed-app.ts";
import { instanceId } from "./instance-id.ts";
import { LifeWatch } from "./life-watch.ts";
import { MissingContextWatch } from "./missing-context.ts";
import { reachableHost } from "./reachable-host.ts";
import { ServerProcess, type ServerProcessOptions } from "./server-process.ts";

/** What an app is made with; what is not given comes from the environment, or has a default. */
export interface AppOptions extends ServerProcessOptions {
	/** The name of the application, as registries show it. */
	readonly name: string;
	/**
	 * Lets calls in or not, before their bodies are read; requests to the operations routes, too, where
	 * `describeGuard` says so.
	 */
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
	/**
	 * Origins of web pages that may call here, over HTTP and WebSockets, such as `https://app.example.org`; `*` for
	 * all. Default: pages of the same host only.
	 */
	readonly cors?: readonly string[];
	/** Origins of web pages that may open WebSockets here, beside those of `cors`. Default: none. */
	readonly origins?: readonly string[];
	/** What the port takes at most; `frames` for what frames take, in both directions. */
	readonly limits?: AppLimits;
}

/** The bounds of an app. What is not given has its default. */
export interface AppLimits extends Partial<ServerLimits> {
	readonly frames?: Partial<FrameLimits>;
}

/** A process of the system: serves contracts, calls others, and is found by name. */
export interface App {
	/**
	 * Serves a contract.
	 *
	 * @throws TypeError after `start`, `run` or `stop`.
	 */
	serve<C extends AnyContract>(contract: C, service: Service<C>, options?: ServeOptions<C>): void;
	/**
	 * A client that finds its instances through the registry. It is closed with the app, unless it was before.
	 *
	 * @throws TypeError when the app has stopped.
	 */
	client<C extends AnyContract>(contract: C, layers?: ClientLayers): Client<C>;
	/** Listens, then registers. Rejects with `failed_precondition` when it was stopped: an app starts once. */
	start(): Promise<void>;
	/** Stops in order: not ready, deregistered, drained, closed. Resolves when no handle is left. */
	stop(): Promise<void>;
	/**
	 * Starts, runs until SIGTERM, SIGINT or `stop()`, and stops. A second signal ends the process at once. What keeps it
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
 *
 * A configuration that cannot be is told by what comes first of `run`, `start`, and the calls of clients.
 *
 * @throws RangeError for a duration that cannot be.
 */
export function createApp(options: AppOptions): App {
	try {
		return new NodeApp(options);
	} catch (error) {
		if (!isInvalidConfiguration(error)) throw error;
		return new FailedApp(options.name, error, options.logger);
	}
}

interface Closable {
	[Symbol.asyncDispose](): Promise<void>;
}

class NodeApp extends ServerProcess implements App {
	readonly #options: AppOptions;
	readonly #endpoints: Endpoints;
	readonly #health: Health;
	readonly #peers: PeerPool;
	/** Those that are open. */
	readonly #clients = new Set<Closable>();
	readonly #contextWatch: MissingContextWatch | undefined;
	readonly #lifeWatch: LifeWatch | undefined;
	readonly #contractCheck: ContractCheck;
	/** Ends with the app what it asks of others. */
	readonly #life = Context.background().withCancel();
	#registration: Registration | undefined;

	constructor(options: AppOptions) {
		const env = options.env ?? process.env;
		const registry = typeof options.registry === "string" ? options.registry : undefined;
		super(options.name, readConfig(env, { ...options, registry }), options);
		this.#options = options;
		this.#contractCheck = new ContractCheck(this.logger);
		checkServerLimits(options.limits ?? {});
		this.#peers = new PeerPool(nodeTransports({ tls: this.config.tls, limits: options.limits?.frames }));
		if (env.NODE_ENV !== "production") {
			this.#contextWatch = new MissingContextWatch(this.logger);
			this.#lifeWatch = new LifeWatch(options.name, this.logger);
		}
		const given = options.middleware ?? serverDefaults().middleware;
		this.#endpoints = new Endpoints({
			guard: options.guard,
			middleware: this.#contextWatch === undefined ? given : [this.#contextWatch.around(given)],
			logger: this.logger,
			tellsMistakes: env.NODE_ENV !== "production" && isLoopback(this.#host),
		});
		this.#health = new Health(options.health ?? [], {
			onChange: () => this.#tellRegistry(),
			logger: this.logger,
		});
	}

	serve<C extends AnyContract>(contract: C, service: Service<C>, options: ServeOptions<C> = {}): void {
		if (this.hasBegun) throw new TypeError("serve() comes before start() and run()");
		if (this.isStopping) throw new TypeError(`serve() comes before stop(); ${this.name} was stopped`);
		this.#lifeWatch?.serves();
		this.#endpoints.serve(contract, service, options);
	}

	override start(): Promise<void> {
		this.#lifeWatch?.managed();
		return super.start();
	}

	override stop(): Promise<void> {
		this.#lifeWatch?.managed();
		return super.stop();
	}

	client<C extends AnyContract>(contract: C, layers: ClientLayers = {}): Client<C> {
		if (this.isClosed) throw new TypeError(`client() comes before stop(); ${this.name} has stopped`);
		this.#lifeWatch?.calls();
		const client: Client<C> = createClient(contract, {
			registry: this.registry,
			namespace: this.config.namespace,
			peers: this.#peers,
			logger: this.logger,
			onDescribed: this.#contractCheck.forClient(contract),
			...(this.#contextWatch !== undefined && { onMissingContext: this.#contextWatch.report }),
			...layers,
			...(this.#lifeWatch !== undefined && {
				middleware: [this.#lifeWatch.middleware, ...(layers.middleware ?? clientDefaults().middleware)],
			}),
			onClose: () => this.#clients.delete(client),
		});
		this.#clients.add(client);
		return client;
	}

	protected open(): Promise<Listener> {
		const { port, advertise, hosts, tls, proxyProtocol } = this.config;
		const { cors: pages = [], origins = [] } = this.#options;
		const { frames: frameLimits, ...limits } = this.#options.limits ?? {};
		const host = this.#host;
		const reached = advertise ?? reachableHost(host);
		return listen(this.#endpoints, {
			host,
			port,
			hosts,
			acceptFrames: acceptFrames(frameLimits),
			webSockets: {
				origins: [...pages, ...origins],
				...(frameLimits !== undefined && { limits: frameLimits }),
			},
			...(pages.length > 0 && { http: cors(pages) }),
			limits,
			tls,
			proxyProtocol,
			ready: () => this.#readiness(),
			metrics: this.#options.metrics,
			logger: this.logger,
			...(reached !== undefined && { advertise: reached }),
		});
	}

	protected async announce(listener: Listener): Promise<void> {
		await this.#health.start();
		this.#registration = await keepRegistered(this.registry, this.#instance(listener), {
			logger: this.logger,
			ctx: Context.background().withTimeout(10_000),
		});
		// It may have changed meanwhile.
		this.#tellRegistry();
		// Whatever comes of it, it runs.
		this.#compareWithOthers().catch(() => {});
	}

	/** Compares what is served here with what others serve under the same names. */
	async #compareWithOthers(): Promise<void> {
		const { ctx } = this.#life;
		const own = new Map(this.#endpoints.contracts.map((contract) => [contract["~allium"].name, contract]));
		if (own.size === 0) return;
		const compared = new Set(this.#registration?.instance.services.map(({ hash }) => hash));
		for (const instance of await this.registry.list({ namespace: this.config.namespace }, ctx)) {
			for (const { name, hash } of instance.services) {
				const contract = own.get(name);
				if (contract === undefined || hash === "" || compared.has(hash)) continue;
				compared.add(hash);
				// An instance that does not answer tells nothing.
				const other = await this.#peers.describe(instance, name, ctx).catch(() => undefined);
				if (other !== undefined) this.#contractCheck.served(this.#describe(contract), other);
			}
		}
	}

	protected async leave(): Promise<void> {
		this.#health.stop();
		this.#life.cancel();
		await this.quietly("deregister", () => this.#registration?.release());
	}

	protected drain(listener: Listener): Promise<void> {
		return listener.drain();
	}

	protected async close(): Promise<void> {
		await Promise.all(
			Array.from(this.#clients, (client) =>
				this.quietly("close a client", () => client[Symbol.asyncDispose]()),
			),
		);
	}

	async #readiness(): Promise<Readiness> {
		const { ok, checks } = await this.#health.report();
		return { ok: ok && this.isReady, ...(checks.length > 0 && { checks }) };
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

	/** Where it listens. */
	get #host(): string {
		return this.config.host ?? (this.#isLocal() ? "127.0.0.1" : "0.0.0.0");
	}

	/** Whether all who can find this process run on the same machine. */
	#isLocal(): boolean {
		return this.config.registry.startsWith("sqlite:") || this.config.registry.startsWith("memory:");
	}

	#describe(contract: AnyContract): ContractDescription {
		const { name } = contract["~allium"];
		return describe(contract, this.#endpoints.routes.of(name), this.#endpoints.securityOf(name));
	}

	#instance(listener: Listener): Instance {
		const { namespace, zone, labels } = this.config;
		return {
			id: instanceId(),
			app: this.#options.name,
			namespace,
			addresses: listener.addresses,
			services: this.#endpoints.contracts.map((contract) => {
				const { name, version, hash } = this.#describe(contract);
				return { name, version, hash };
			}),
			...(zone !== undefined && { zone }),
			labels,
			weight: 1,
			status: this.#status,
			startedAt: new Date().toISOString(),
		};
	}
}

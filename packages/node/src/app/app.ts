import {
	type AnyContract,
	type Client,
	Context,
	clientDefaults,
	createClient,
	Endpoints,
	type EndpointTable,
	type Fits,
	Health,
	type Logger,
	type Publish,
	type Routes,
	type ServeOptions,
	type Service,
	type SubscribeOptions,
	serverDefaults,
	toServiceError,
} from "@allium/core";
import { routeTransport } from "@allium/core/http";
import { checkedLogger, type Dialer, type Listener, PeerPool } from "@allium/core/transport";
import { type Config, readConfig } from "../config/config.ts";
import { isInvalidConfiguration } from "../config/invalid-configuration.ts";
import { cors } from "../http/cors.ts";
import { acceptFrames } from "../pipe/accept-frames.ts";
import { nodeDialers } from "../pipe/node-transports.ts";
import type { Readiness } from "../protocol/port-protocol.ts";
import { checkServerLimits } from "../server/limits.ts";
import { isLoopback } from "../server/loopback.ts";
import { listen } from "../server/server.ts";
import { AppClients } from "./app-clients.ts";
import type { App, AppClientOptions, AppOptions } from "./app-type.ts";
import { BackendConnection } from "./backend-connection.ts";
import { ContractCheck } from "./contract-check.ts";
import { FailedApp } from "./failed-app.ts";
import { instanceId } from "./instance-id.ts";
import { LifeWatch } from "./life-watch.ts";
import { Lifecycle } from "./lifecycle.ts";
import { Listeners } from "./listeners.ts";
import { warnOfLocalBroker } from "./local-broker.ts";
import { Messaging } from "./messaging.ts";
import { MissingContextWatch } from "./missing-context.ts";
import { NamedTransport } from "./named-transport.ts";
import { warnOfOpenPort } from "./open-port.ts";
import { warnOfOpenTransport } from "./open-transport.ts";
import { reachableHost } from "./reachable-host.ts";
import { type InstanceFacts, RegisteredInstance } from "./registered-instance.ts";

import { ServedContracts } from "./served-contracts.ts";
import { servicesUp } from "./services-up.ts";
import { startReport } from "./start-report.ts";
import { textLogger } from "./text-logger.ts";

/** How long `ready` waits for services that are given no context, in milliseconds. */
const readyTimeoutMs = 30_000;

/**
 * Makes an app from parts that are all exported: endpoints, the one-port server, a registry, a pool of
 * connections. The package `allium` adds its default adapter to this.
 *
 * A configuration that cannot be used is reported by whatever comes first of `run`, `start` and the calls of clients.
 *
 * @throws RangeError for a duration that cannot be used.
 */
export function createApp(options: AppOptions): App {
	try {
		return new NodeApp(options);
	} catch (error) {
		if (!isInvalidConfiguration(error)) throw error;
		return new FailedApp(options.name, error, options.logger);
	}
}

class NodeApp implements App {
	readonly config: Config;
	readonly logger: Logger;
	readonly #options: AppOptions;
	readonly #endpoints: Endpoints;
	readonly #health: Health;
	readonly #peers: PeerPool;
	readonly #contextWatch: MissingContextWatch | undefined;
	readonly #lifeWatch: LifeWatch | undefined;
	readonly #contractCheck: ContractCheck;
	readonly #registry: BackendConnection<"registry">;
	readonly #messaging: Messaging;
	readonly #transport: NamedTransport;
	readonly #clients = new AppClients();
	readonly #contracts: ServedContracts;
	readonly #listeners: Listeners;
	readonly #lifecycle: Lifecycle;

	constructor(options: AppOptions) {
		const { name, limits = {} } = options;
		const env = options.env ?? process.env;
		const isDevelopment = env.NODE_ENV !== "production";
		this.config = readConfig(env, options);
		this.logger = checkedLogger(options.logger ?? textLogger());
		const { config, logger } = this;
		this.#options = options;
		const connecting = { adapters: options.adapters, config, logger, scope: this };
		this.#registry = new BackendConnection("registry", { given: options.registry, ...connecting });
		const calls = { formats: options.formats, limits: limits.frames };
		this.#transport = new NamedTransport({ ...connecting, calls });
		const registry = this.#registry.port;
		checkServerLimits(limits);
		const { tls, schemes } = config;
		const transports = [...(options.transports ?? []), ...this.#transport.transports];
		this.#peers = new PeerPool(nodeDialers(transports, { tls, schemes, ...calls }));
		if (isDevelopment) {
			this.#contextWatch = new MissingContextWatch(logger);
			this.#lifeWatch = new LifeWatch(name, logger);
		}
		const middleware = options.middleware ?? serverDefaults().middleware;
		this.#endpoints = new Endpoints({
			guard: options.guard,
			middleware: this.#contextWatch?.around("the server's middleware", middleware) ?? middleware,
			logger,
			tellsMistakes: () => isDevelopment && isLoopback(this.#host),
		});
		this.#messaging = new Messaging(options, {
			...connecting,
			served: () => this.#endpoints.contracts,
			contextWatch: this.#contextWatch,
		});
		const port = { listen: (endpoints: EndpointTable) => this.#listen(endpoints) };
		this.#listeners = new Listeners({ port, endpoints: this.#endpoints, logger }, { ...options, transports });
		this.#contractCheck = new ContractCheck(logger);
		this.#contracts = new ServedContracts({
			endpoints: this.#endpoints,
			registry,
			namespace: config.namespace,
			peers: this.#peers,
			check: this.#contractCheck,
		});
		this.#health = new Health(options.health ?? [], { onChange: () => registration.tellStatus(), logger });
		const registration = new RegisteredInstance({
			registry,
			health: this.#health,
			logger,
			describe: () => this.#facts(),
		});
		const report = startReport(name, logger, this.#listeners, this.#registry, this.#messaging.broker);
		this.#lifecycle = new Lifecycle({
			name,
			logger,
			parts: [
				this.#registry,
				this.#messaging.broker,
				warnOfLocalBroker({ broker: this.#messaging.broker, registry, logger }),
				this.#messaging.publications,
				this.#transport,
				warnOfOpenTransport({ name, config, guard: options.guard, logger }),
				this.#clients,
				this.#listeners,
				this.#messaging.subscriptions,
				registration,
				this.#messaging.subscriptions.inHand,
				this.#contracts,
				report,
			],
		});
	}

	get addresses(): readonly string[] {
		return this.#listeners.addresses;
	}

	serve<C extends AnyContract, S>(
		contract: C,
		service: Fits<C, S> & Service<C>,
		options: ServeOptions<C> = {},
	): void {
		this.#checkTime("serve");
		this.#lifeWatch?.serves();
		this.#endpoints.serve(contract, service, options);
	}

	client<C extends AnyContract>(contract: C, options: AppClientOptions = {}): Client<C> {
		const { url, routes, ...layers } = options;
		const { name } = this.#options;
		if (this.#clients.isClosed) throw new TypeError(`client() comes before stop(); ${name} has stopped`);
		const peers = routes === undefined ? this.#peers : new PeerPool(routeDialers(routes));
		if (url !== undefined) checkAddresses(contract, url, peers);
		this.#lifeWatch?.calls();
		return this.#clients.add((onClose) =>
			createClient(contract, {
				...(url === undefined
					? { registry: this.#registry.port, namespace: this.config.namespace }
					: { url }),
				waitForReady: this.config.waitForReady,
				peers,
				logger: this.logger,
				// A plain web service does not describe itself.
				...(routes === undefined && { onDescribed: this.#contractCheck.forClient(contract) }),
				...(this.#contextWatch !== undefined && { onMissingContext: this.#contextWatch.report }),
				...layers,
				...(this.#lifeWatch !== undefined && {
					middleware: [this.#lifeWatch.middleware, ...(layers.middleware ?? clientDefaults().middleware)],
				}),
				onClose,
			}),
		);
	}

	readonly publish: Publish = (events, ctx) => {
		const published = this.#messaging.publications.publish(events, ctx);
		return this.#lifeWatch === undefined ? published : this.#lifeWatch.during(published);
	};

	subscribe(contract: AnyContract, handlers: object, options: SubscribeOptions = {}): void {
		this.#checkTime("subscribe");
		this.#health.add(this.#messaging.subscribe(contract, handlers, options));
		this.#lifeWatch?.serves();
	}

	ready(...services: readonly string[] | readonly [...services: string[], ctx: Context]): Promise<void> {
		const all: readonly (string | Context)[] = services;
		const names = all.filter((each) => typeof each === "string");
		const [given] = all.filter((each) => typeof each !== "string");
		const ctx = given ?? Context.background().withTimeout(readyTimeoutMs);
		const { port: registry } = this.#registry;
		const { namespace } = this.config;
		const up = servicesUp(names, { registry, namespace, logger: this.logger }, ctx);
		return this.#lifeWatch === undefined ? up : this.#lifeWatch.during(up);
	}

	start(): Promise<void> {
		this.#lifeWatch?.managed();
		return this.#lifecycle.start();
	}

	stop(): Promise<void> {
		this.#lifeWatch?.managed();
		return this.#lifecycle.stop();
	}

	run(): Promise<void> {
		this.#lifeWatch?.managed();
		return this.#lifecycle.run();
	}

	/** @throws TypeError after `start`, `run` or `stop`. */
	#checkTime(step: "serve" | "subscribe"): void {
		const { name } = this.#options;
		if (this.#lifecycle.hasBegun) throw new TypeError(`${step}() comes before start() and run()`);
		if (this.#lifecycle.isStopping) throw new TypeError(`${step}() comes before stop(); ${name} was stopped`);
	}

	#listen(endpoints: EndpointTable): Promise<Listener> {
		const { port, advertise, hosts, tls, proxyProtocol } = this.config;
		const { name, guard, cors: pages = [], formats, origins = [] } = this.#options;
		const { frames: frameLimits, ...limits } = this.#options.limits ?? {};
		const host = this.#host;
		const reached = advertise ?? reachableHost(host);
		return listen(endpoints, {
			host,
			port,
			hosts,
			onListening: warnOfOpenPort({ name, tls, guard, logger: this.logger }),
			acceptFrames: acceptFrames({ formats, limits: frameLimits }),
			webSockets: {
				origins: [...pages, ...origins],
				formats,
				limits: frameLimits,
			},
			...(pages.length > 0 && { http: cors(pages) }),
			protocols: [...this.#messaging.protocols, ...(this.#options.protocols ?? [])],
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
		const isReady = this.#listeners.isOpen && !this.#lifecycle.isEnding;
		return { ok: ok && isReady, ...(checks.length > 0 && { checks }) };
	}

	/**
	 * Where it listens. It is known once the registry is open, because it depends on whether the registry spans hosts.
	 */
	get #host(): string {
		return this.config.host ?? (this.#registry.port.spansHosts === true ? "0.0.0.0" : "127.0.0.1");
	}

	#facts(): InstanceFacts {
		const { namespace, zone, labels } = this.config;
		return {
			id: instanceId(),
			app: this.#options.name,
			namespace,
			addresses: this.addresses,
			services: this.#contracts.records,
			...(zone !== undefined && { zone }),
			labels,
			weight: 1,
			startedAt: new Date().toISOString(),
		};
	}
}

/** The ways to plain web services. */
function routeDialers(routes: Routes): Dialer[] {
	return [routeTransport(routes), routeTransport(routes, { scheme: "https" })];
}

/** @throws TypeError for an address that cannot be called. */
function checkAddresses(contract: AnyContract, url: string | readonly string[], peers: PeerPool): void {
	const urls = typeof url === "string" ? [url] : url;
	const { name } = contract["~allium"];
	if (urls.length === 0) throw new TypeError(`client() of ${name} got no address in its option "url"`);
	for (const address of urls) {
		try {
			void peers.share([address]).release();
		} catch (error) {
			throw new TypeError(
				`client() of ${name} cannot call ${JSON.stringify(address)}: ${toServiceError(error).message}`,
			);
		}
	}
}

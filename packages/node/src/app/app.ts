import {
	type AnyContract,
	type Client,
	Context,
	Endpoints,
	type Fits,
	Health,
	type Logger,
	type Publish,
	type ServeOptions,
	type Service,
	type SubscribeOptions,
	serverDefaults,
} from "@allium/core";
import type { EventStore } from "@allium/core/store";
import { checkedLogger, PeerPool } from "@allium/core/transport";
import type { View, Workflow } from "@allium/events";
import { type Config, readConfig } from "../config/config.ts";
import { isInvalidConfiguration } from "../config/invalid-configuration.ts";
import { nodeDialers } from "../pipe/node-transports.ts";
import type { Readiness } from "../protocol/port-protocol.ts";
import type { TickHandler } from "../schedule/schedule.ts";
import type { Timing } from "../schedule/timing.ts";
import { checkServerLimits } from "../server/limits.ts";
import { isLoopback } from "../server/loopback.ts";
import { AppClients } from "./app-clients.ts";
import { AppPort } from "./app-port.ts";
import type { App, AppClientOptions, AppOptions } from "./app-type.ts";
import { BackendConnection } from "./backend-connection.ts";
import { ContractCheck } from "./contract-check.ts";
import { EventSourcing } from "./event-sourcing.ts";
import { FailedApp } from "./failed-app.ts";
import { instanceId } from "./instance-id.ts";
import { LifeWatch } from "./life-watch.ts";
import { Lifecycle } from "./lifecycle.ts";
import { Listeners } from "./listeners.ts";
import { warnOfLocalBroker } from "./local-broker.ts";
import { Messaging } from "./messaging.ts";
import { MissingContextWatch } from "./missing-context.ts";
import { NamedTransport } from "./named-transport.ts";
import { warnOfOpenTransport } from "./open-transport.ts";
import { Orchestrations } from "./orchestrations.ts";
import { type InstanceFacts, RegisteredInstance } from "./registered-instance.ts";

import { ServedContracts } from "./served-contracts.ts";
import { servicesUp } from "./services-up.ts";
import { StartReport } from "./start-report.ts";
import { textLogger } from "./text-logger.ts";
import { Views } from "./views.ts";

/** How long `ready` waits for services that are given no context, in milliseconds. */
const readyTimeoutMs = 30_000;

/**
 * Makes an app from parts that are all exported: endpoints, the one-port server, a registry, a pool of
 * connections. The package `allium` adds its default adapter to this.
 *
 * An invalid configuration is reported by the first `run`, `start` or call of a client.
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
	readonly #eventSourcing: EventSourcing;
	readonly #viewStore: BackendConnection<"viewStore">;
	readonly #views: Views;
	readonly #orchestrations: Orchestrations;
	readonly #transport: NamedTransport;
	readonly #clients: AppClients;
	readonly #contracts: ServedContracts;
	readonly #port: AppPort;
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
		this.#port = new AppPort({
			options,
			config,
			logger,
			registry,
			protocols: () => this.#messaging.protocols,
			readiness: () => this.#readiness(),
		});
		const middleware = options.middleware ?? serverDefaults().middleware;
		this.#endpoints = new Endpoints({
			guard: options.guard,
			middleware: this.#contextWatch?.around("the server's middleware", middleware) ?? middleware,
			logger,
			tellsMistakes: () => isDevelopment && isLoopback(this.#port.host),
		});
		this.#messaging = new Messaging(options, {
			...connecting,
			served: () => this.#endpoints.contracts,
			keeps: (topic) => this.#eventSourcing.keeps(topic),
			contextWatch: this.#contextWatch,
		});
		this.#eventSourcing = new EventSourcing({
			...connecting,
			name,
			given: options.eventStore,
			broker: this.#messaging.broker,
			served: () => this.#endpoints.contracts,
			subscriptions: this.#messaging.subscriptions,
			addChecker: (checker) => this.#health.add(checker),
		});
		this.#viewStore = new BackendConnection("viewStore", {
			...connecting,
			given: options.viewStore,
			isNeeded: () => !this.#views.isEmpty,
		});
		this.#views = new Views({
			name,
			store: this.#viewStore.port,
			broker: this.#messaging.broker,
			eventStore: this.#eventSourcing.connection,
			keeps: (topic) => this.#eventSourcing.keeps(topic),
			logger,
			topics: options.events?.topics ?? {},
		});
		this.#orchestrations = new Orchestrations({
			name,
			logger,
			isDevelopment,
			store: this.#eventSourcing.store,
			publish: this.publish,
			subscribe: (group) =>
				this.#health.add(this.#messaging.subscribe(group.contract, group.handlers, group.options)),
			work: (subscription, prepare) => this.#eventSourcing.work(subscription, prepare),
			outermost: this.#messaging.outermost,
		});
		this.#listeners = new Listeners(
			{ port: this.#port, endpoints: this.#endpoints, logger },
			{ ...options, transports },
		);
		this.#contractCheck = new ContractCheck(logger);
		this.#clients = new AppClients({
			name,
			config,
			registry,
			peers: this.#peers,
			logger,
			contractCheck: this.#contractCheck,
			contextWatch: this.#contextWatch,
			lifeWatch: this.#lifeWatch,
		});
		this.#contracts = new ServedContracts({
			endpoints: this.#endpoints,
			registry,
			namespace: config.namespace,
			peers: this.#peers,
			check: this.#contractCheck,
		});
		const onChange = (): void => {
			registration.tellStatus();
			report.tellHealth();
		};
		this.#health = new Health(options.health ?? [], { onChange, logger });
		const registration = new RegisteredInstance({
			registry,
			health: this.#health,
			logger,
			describe: () => this.#facts(),
		});
		const report: StartReport = new StartReport({
			name,
			logger,
			listeners: this.#listeners,
			health: this.#health,
			registry: this.#registry,
			broker: this.#messaging.broker,
			eventStore: this.#eventSourcing.connection,
		});
		this.#lifecycle = new Lifecycle({
			name,
			logger,
			parts: [
				this.#registry,
				this.#messaging.broker,
				this.#eventSourcing.connection,
				this.#orchestrations.beginning,
				this.#eventSourcing.relays,
				this.#viewStore,
				warnOfLocalBroker({ broker: this.#messaging.broker, registry, logger }),
				this.#messaging.publications,
				this.#transport,
				warnOfOpenTransport({ name, config, guard: options.guard, logger }),
				this.#clients,
				this.#listeners,
				this.#messaging.subscriptions,
				this.#views,
				registration,
				this.#messaging.subscriptions.inHand,
				this.#orchestrations,
				this.#contracts,
				report,
			],
		});
	}

	get events(): EventStore {
		return this.#eventSourcing.use();
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
		return this.#clients.make(contract, options);
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

	project<Reader>(view: View<Reader>): Reader {
		this.#checkTime("project");
		const { reader, checkers } = this.#views.project(view);
		for (const each of checkers) this.#health.add(each);
		this.#lifeWatch?.serves();
		return reader;
	}

	view<Reader>(view: View<Reader>): Reader {
		return this.#views.view(view);
	}

	orchestrate(workflow: Workflow): void {
		this.#checkTime("orchestrate");
		this.#orchestrations.add(workflow);
		this.#lifeWatch?.serves();
	}

	every(name: string, timing: Timing, handler: TickHandler): void {
		this.#checkTime("every");
		this.#orchestrations.every(name, timing, handler);
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
	#checkTime(step: "every" | "orchestrate" | "project" | "serve" | "subscribe"): void {
		const { name } = this.#options;
		if (this.#lifecycle.hasBegun) throw new TypeError(`${step}() comes before start() and run()`);
		if (this.#lifecycle.isStopping) throw new TypeError(`${step}() comes before stop(); ${name} was stopped`);
	}

	async #readiness(): Promise<Readiness> {
		const { ok, checks } = await this.#health.report();
		const isReady = this.#listeners.isOpen && !this.#lifecycle.isEnding;
		return { ok: ok && isReady, ...(checks.length > 0 && { checks }) };
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

import { defaultTtlMs } from "@allium/core/registry";
import { checkDuration } from "@allium/core/transport";
import { BackendChannel } from "./backend-channel.ts";
import type { BackendFaults } from "./backend-server.ts";
import { type NetworkOptions, SimulatedNetwork } from "./network.ts";
import { type NodeBackends, type NodeOptions, type Program, SimulatedNode } from "./node.ts";
import { NodeMessaging } from "./node-messaging.ts";
import { NodeSourcing } from "./node-sourcing.ts";
import type { Random } from "./random.ts";
import { RegistryChannel } from "./registry-channel.ts";
import { type RegistryFaults, RegistryServer } from "./registry-server.ts";
import { SimulatedBackend, type SimulatedBackendOptions } from "./simulated-backend.ts";
import { SimulatedEventStore } from "./simulated-event-store.ts";
import { SimulatedRegistry } from "./simulated-registry.ts";
import { SimulatedViewStore } from "./simulated-view-store.ts";
import type { Simulator } from "./simulator.ts";

/** The options of the world of a simulation. */
export interface WorldOptions {
	readonly network?: NetworkOptions;
	/** How long a registration lasts without a renewal, in milliseconds. Default: 5 s. */
	readonly ttlMs?: number;
	/** How the registry misbehaves. Default: not at all. */
	readonly registry?: RegistryFaults;
	/** How the broker works, and how it misbehaves. Default: with the defaults of `logBroker`, and not at all. */
	readonly broker?: SimulatedBackendOptions;
	/**
	 * Makes the event store and its views a node of their own, which works and misbehaves like this; relays forward what
	 * is public to the broker. Default: the broker keeps them, as one database does.
	 */
	readonly store?: SimulatedBackendOptions;
}

/** The nodes, the network and the time of a simulation. A scenario acts on it. */
export class World {
	readonly network: SimulatedNetwork;
	/**
	 * The node of the registry. A scenario can partition, crash and restart it. It remembers registrations across
	 * restarts.
	 */
	readonly registry: SimulatedNode;
	/**
	 * The node of the broker. A scenario can partition, crash and restart it. What it has written to its disk survives.
	 */
	readonly broker: SimulatedNode;
	/**
	 * The node of the event store and of the views. It is the broker's, unless the option `store` makes it a node of its
	 * own.
	 */
	readonly store: SimulatedNode;
	/** The randomness of the scenario. */
	readonly random: Random;
	readonly #simulator: Simulator;
	readonly #nodes = new Map<string, SimulatedNode>();
	readonly #ttlMs: number;
	readonly #messaging: SimulatedBackend;
	readonly #keeping: SimulatedBackend;
	#server: RegistryServer | undefined;
	#registryFaults: RegistryFaults;
	#registryStarts = 0;

	/** @internal `simulate` makes the world. */
	constructor(simulator: Simulator, options: WorldOptions) {
		this.#simulator = simulator;
		this.#ttlMs = checkDuration("ttlMs", options.ttlMs ?? defaultTtlMs, "positive");
		this.random = simulator.source("scenario");
		this.network = new SimulatedNetwork(simulator, this.#nodes, options.network ?? {});
		this.#registryFaults = options.registry ?? {};
		this.#messaging = new SimulatedBackend(simulator, options.broker ?? {});
		this.#keeping =
			options.store === undefined ? this.#messaging : new SimulatedBackend(simulator, options.store);
		this.registry = this.#add("registry", () => this.#startRegistry());
		this.broker = this.#add("broker", () => this.#messaging.start());
		this.store = this.#isApart ? this.#add("store", () => this.#keeping.start()) : this.broker;
	}

	/** The nodes, in the order of their first start. */
	get nodes(): readonly SimulatedNode[] {
		return [...this.#nodes.values()];
	}

	/** Virtual milliseconds since the simulation began. */
	get now(): number {
		return this.#simulator.now;
	}

	/** Starts a new node. Resolves when its program does. */
	async start(name: string, program?: Program, options: NodeOptions = {}): Promise<SimulatedNode> {
		const node = this.#add(name, program, options);
		await node.restart();
		return node;
	}

	/** Waits for the given milliseconds of virtual time. */
	sleep(milliseconds: number): Promise<void> {
		checkDuration("sleep()", milliseconds);
		return this.#simulator.wait(milliseconds);
	}

	/** Waits until a condition holds, and checks it every 10 ms. Rejects after `withinMs` (default: 60 s). */
	async until(what: string, condition: () => boolean, withinMs = 60_000): Promise<void> {
		const end = this.now + withinMs;
		while (!condition()) {
			if (this.now >= end) throw new Error(`not so within ${withinMs} ms: ${what}`);
			await this.sleep(10);
		}
	}

	/** Changes how the registry misbehaves from now on. Options that are not given keep their value. */
	configureRegistry(faults: RegistryFaults): void {
		this.#registryFaults = { ...this.#registryFaults, ...faults };
	}

	/**
	 * Waits until nothing is left to deliver: all published events have arrived, each group has handled or parked them,
	 * delayed events and waits of workflows included, and each view of a node that is up has all events. It takes no real
	 * time, and ends at most a quarter of a virtual second late. Rejects after `withinMs` (default: 10 minutes), and says
	 * what is left.
	 */
	async idle(withinMs = 600_000): Promise<void> {
		await this.#delivered(true, "not idle", withinMs);
	}

	/**
	 * Waits until each group, and each view of a node that is up, is at the end of its log. Events that are delayed,
	 * parked or to be tried again may be left. Rejects as {@link World.idle} does.
	 */
	async caughtUp(withinMs = 600_000): Promise<void> {
		await this.#delivered(false, "not caught up", withinMs);
	}

	async #delivered(isAll: boolean, what: string, withinMs: number): Promise<void> {
		const end = this.now + withinMs;
		for (let pauseMs = 1; ; pauseMs = Math.min(2 * pauseMs, 250)) {
			const left = await this.#undelivered(isAll);
			if (left === undefined) return;
			if (this.now >= end) throw new Error(`${what} within ${withinMs} ms: ${left}`);
			await this.sleep(pauseMs);
		}
	}

	/** Changes how the broker misbehaves from now on. Options that are not given keep their value. */
	configureBroker(faults: BackendFaults): void {
		this.#messaging.configure(faults);
	}

	/** Changes how the event store misbehaves from now on. Options that are not given keep their value. */
	configureStore(faults: BackendFaults): void {
		this.#keeping.configure(faults);
	}

	/** Writes to the log. */
	log(text: string): void {
		this.#simulator.note(text);
	}

	/** Runs in each life of the registry's node. */
	#startRegistry(): void {
		const { snapshotAgeMs = 0 } = this.#registryFaults;
		this.#server = new RegistryServer({
			ttlMs: this.#ttlMs,
			epoch: ++this.#registryStarts,
			records: this.#server?.stateBefore(snapshotAgeMs).records ?? new Map(),
			faults: () => this.#registryFaults,
			now: () => this.#simulator.now,
			random: () => Math.random(),
		});
	}

	/**
	 * The backends are looked at last, because what a node publishes goes there; and also first, because looking at them
	 * takes no requests, as asking the nodes does.
	 */
	async #undelivered(isAll: boolean): Promise<string | undefined> {
		return (
			(await this.#undeliveredByBackends(isAll)) ??
			(await this.#undeliveredByNodes()) ??
			(await this.#undeliveredByBackends(isAll))
		);
	}

	async #undeliveredByBackends(isAll: boolean): Promise<string | undefined> {
		const left = await this.#messaging.undelivered(isAll);
		return left ?? (this.#isApart ? this.#keeping.undelivered(isAll) : undefined);
	}

	async #undeliveredByNodes(): Promise<string | undefined> {
		const views = new Set<string>();
		for (const node of this.nodes) {
			const left = await node.undelivered(views);
			if (left !== undefined) return left;
		}
		return undefined;
	}

	get #isApart(): boolean {
		return this.#keeping !== this.#messaging;
	}

	#add(name: string, program?: Program, options: NodeOptions = {}): SimulatedNode {
		if (!/^[a-z][a-z0-9-]*$/.test(name)) {
			throw new Error(`"${name}" cannot name a node; use lower-case letters, digits and hyphens`);
		}
		if (this.#nodes.has(name))
			throw new Error(`there is a node "${name}" already; restart it, or use another name`);
		const node = new SimulatedNode(name, this.#simulator, this.network, this.#backends, program, options);
		this.#nodes.set(name, node);
		return node;
	}

	/** The backends that nodes reach over the network. */
	readonly #backends: NodeBackends = {
		registry: (node) => this.#registryOf(node),
		messaging: (node) => {
			const channel = this.#channel(node, this.broker, this.#messaging);
			return new NodeMessaging(node.name, this.#messaging.opened(channel, node.logger), node.logger);
		},
		sourcing: (node, messaging) => {
			const { name, logger } = node;
			const channel = this.#channel(node, this.store, this.#keeping);
			return new NodeSourcing({
				name,
				logger,
				store: (keeps) => new SimulatedEventStore(channel, { name, logger, keeps }),
				views: new SimulatedViewStore(channel),
				source: () => this.#keeping.opened(channel, logger),
				messaging,
				isApart: this.#isApart,
				ttlMs: this.#keeping.ttlMs,
			});
		},
	};

	#channel(node: SimulatedNode, to: SimulatedNode, backend: SimulatedBackend): BackendChannel {
		return new BackendChannel(this.#simulator, this.network, node, to, () => backend.server);
	}

	#registryOf(node: SimulatedNode): SimulatedRegistry {
		const server = (): RegistryServer | undefined => this.#server;
		const channel = new RegistryChannel(this.#simulator, this.network, node, this.registry, server);
		return new SimulatedRegistry(channel, this.#ttlMs);
	}
}

import { defaultTtlMs } from "@allium/core/registry";
import { checkDuration } from "@allium/core/transport";
import { BrokerChannel } from "./broker-channel.ts";
import type { BrokerFaults } from "./broker-server.ts";
import { type NetworkOptions, SimulatedNetwork } from "./network.ts";
import { type NodeBackends, type NodeOptions, type Program, SimulatedNode } from "./node.ts";
import { NodeMessaging } from "./node-messaging.ts";
import type { Random } from "./random.ts";
import { RegistryChannel } from "./registry-channel.ts";
import { type RegistryFaults, RegistryServer } from "./registry-server.ts";
import { SimulatedBroker, type SimulatedBrokerOptions } from "./simulated-broker.ts";
import { SimulatedRegistry } from "./simulated-registry.ts";
import type { Simulator } from "./simulator.ts";

/** How to make the world of a simulation. */
export interface WorldOptions {
	readonly network?: NetworkOptions;
	/** How long a registration lasts without a renewal, in milliseconds. Default: 5 s. */
	readonly ttlMs?: number;
	/** How the registry misbehaves. Default: not at all. */
	readonly registry?: RegistryFaults;
	/** How the broker works, and how it misbehaves. Default: with the defaults of `logBroker`, and not at all. */
	readonly broker?: SimulatedBrokerOptions;
}

/** What a scenario acts on. */
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
	/** The randomness of the scenario. */
	readonly random: Random;
	readonly #simulator: Simulator;
	readonly #nodes = new Map<string, SimulatedNode>();
	readonly #ttlMs: number;
	readonly #messaging: SimulatedBroker;
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
		this.#messaging = new SimulatedBroker(simulator, options.broker ?? {});
		this.registry = this.#add("registry", () => this.#startRegistry());
		this.broker = this.#add("broker", () => this.#messaging.start());
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
	 * Waits until nothing is left to deliver: all that was published has arrived, and each group has handled or parked
	 * it, delayed events included. It takes no real time, and ends at most a quarter of a virtual second late. Rejects
	 * after `withinMs` (default: 10 minutes), and says what is left.
	 */
	async idle(withinMs = 600_000): Promise<void> {
		const end = this.now + withinMs;
		for (let pauseMs = 1; ; pauseMs = Math.min(2 * pauseMs, 250)) {
			const left = await this.#undelivered();
			if (left === undefined) return;
			if (this.now >= end) throw new Error(`not idle within ${withinMs} ms: ${left}`);
			await this.sleep(pauseMs);
		}
	}

	/** Changes how the broker misbehaves from now on. Options that are not given keep their value. */
	configureBroker(faults: BrokerFaults): void {
		this.#messaging.configure(faults);
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

	async #undelivered(): Promise<string | undefined> {
		for (const node of this.nodes) {
			const left = await node.undelivered();
			if (left !== undefined) return left;
		}
		return this.#messaging.undelivered();
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

	/** What nodes reach over the network. */
	readonly #backends: NodeBackends = {
		registry: (node) => this.#registryOf(node),
		messaging: (node) => {
			const channel = new BrokerChannel(
				this.#simulator,
				this.network,
				node,
				this.broker,
				() => this.#messaging.server,
			);
			return new NodeMessaging(node.name, this.#messaging.opened(channel, node.logger), node.logger);
		},
	};

	#registryOf(node: SimulatedNode): SimulatedRegistry {
		const server = (): RegistryServer | undefined => this.#server;
		const channel = new RegistryChannel(this.#simulator, this.network, node, this.registry, server);
		return new SimulatedRegistry(channel, this.#ttlMs);
	}
}

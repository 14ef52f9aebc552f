import { defaultTtlMs } from "@allium/core/registry";
import { checkDuration } from "@allium/core/transport";
import { type NetworkOptions, SimulatedNetwork } from "./network.ts";
import { type NodeOptions, type Program, SimulatedNode } from "./node.ts";
import type { Random } from "./random.ts";
import { RegistryChannel } from "./registry-channel.ts";
import { type RegistryFaults, RegistryServer } from "./registry-server.ts";
import { SimulatedRegistry } from "./simulated-registry.ts";
import type { Simulator } from "./simulator.ts";

/** How to make the world of a simulation. */
export interface WorldOptions {
	readonly network?: NetworkOptions;
	/** How long a registration lasts without a renewal, in milliseconds. Default: 5 s. */
	readonly ttlMs?: number;
	/** How the registry misbehaves. Default: not at all. */
	readonly registry?: RegistryFaults;
}

/** What a scenario acts on. */
export class World {
	readonly network: SimulatedNetwork;
	/**
	 * The node of the registry. A scenario can partition, crash and restart it. It remembers registrations across
	 * restarts.
	 */
	readonly registry: SimulatedNode;
	/** The randomness of the scenario. */
	readonly random: Random;
	readonly #simulator: Simulator;
	readonly #nodes = new Map<string, SimulatedNode>();
	readonly #ttlMs: number;
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
		this.registry = this.#add("registry", () => this.#startRegistry());
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

	#add(name: string, program?: Program, options: NodeOptions = {}): SimulatedNode {
		if (!/^[a-z][a-z0-9-]*$/.test(name)) {
			throw new Error(`"${name}" cannot name a node; use lower-case letters, digits and hyphens`);
		}
		if (this.#nodes.has(name))
			throw new Error(`there is a node "${name}" already; restart it, or use another name`);
		const node = new SimulatedNode(name, this.#simulator, this.network, this.#registryOf, program, options);
		this.#nodes.set(name, node);
		return node;
	}

	readonly #registryOf = (node: SimulatedNode): SimulatedRegistry => {
		const server = (): RegistryServer | undefined => this.#server;
		const channel = new RegistryChannel(this.#simulator, this.network, node, this.registry, server);
		return new SimulatedRegistry(channel, this.#ttlMs);
	};
}

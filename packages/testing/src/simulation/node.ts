import {
	type AnyContract,
	type Client,
	type ClientLayers,
	type Context,
	createClient,
	type FitsHandlers,
	type Handlers,
	type Logger,
	type Publish,
	type Registry,
	type Service,
} from "@allium/core";
import type { Broker } from "@allium/core/event";
import type { FrameLimits } from "@allium/core/frames";
import type { EventStore, ViewStore } from "@allium/core/store";
import { checkDuration, PeerPool, type Pipe, type Transport } from "@allium/core/transport";
import type { View, Workflow } from "@allium/events";
import type { NetworkNode, SimulatedNetwork } from "./network.ts";
import type { NodeMessaging, NodeSubscribeOptions, Subscribed } from "./node-messaging.ts";
import { type NodeServeOptions, type Served, served } from "./node-serving.ts";
import type { NodeSourcing, Orchestrated, Projected } from "./node-sourcing.ts";
import { Processor } from "./processor.ts";
import type { SimulatedProcess } from "./simulated-process.ts";
import { simulatedTransport } from "./simulated-transport.ts";
import type { Simulator } from "./simulator.ts";

/** The program of a node. It runs after the first start and after each restart. */
export type Program = (node: SimulatedNode) => unknown;

/** The options of a node. */
export interface NodeOptions {
	/** How many pieces of `work` the node does at once. Default: 1. */
	readonly cores?: number;
	/** The limits of its connections. Default: as in production. */
	readonly limits?: Partial<FrameLimits>;
}

/** Makes a node's access to the backends that all nodes share. */
export interface NodeBackends {
	readonly registry: (node: SimulatedNode) => Registry;
	readonly messaging: (node: SimulatedNode) => NodeMessaging;
	readonly sourcing: (node: SimulatedNode, messaging: NodeMessaging) => NodeSourcing;
}

/** A machine of the simulation. Its code runs in `run` and in its program. */
export class SimulatedNode implements NetworkNode {
	readonly name: string;
	process: SimulatedProcess | undefined;
	dark = false;
	slowness = 1;
	readonly listeners: Map<string, (pipe: Pipe) => void> = new Map();
	readonly #simulator: Simulator;
	readonly #network: SimulatedNetwork;
	readonly #backends: NodeBackends;
	readonly #options: NodeOptions;
	readonly #program: Program | undefined;
	#lives = 0;
	#parts:
		| { readonly transport: Transport; readonly registry: Registry; readonly peers: PeerPool }
		| undefined;
	/** Made when they are first used. */
	#messaging: NodeMessaging | undefined;
	#sourcing: NodeSourcing | undefined;
	#clockSkewMs = 0;
	#processor: Processor;

	/** @internal `world.start` makes nodes. */
	constructor(
		name: string,
		simulator: Simulator,
		network: SimulatedNetwork,
		backends: NodeBackends,
		program: Program | undefined,
		options: NodeOptions,
	) {
		this.name = name;
		this.#simulator = simulator;
		this.#network = network;
		this.#backends = backends;
		this.#program = program;
		this.#options = options;
		this.#processor = new Processor(simulator, options.cores ?? 1);
	}

	/** Whether it is running. */
	get up(): boolean {
		return this.process !== undefined;
	}

	/** The transport of the simulated network, for parts that are assembled by hand. */
	get transport(): Transport {
		return this.#running().transport;
	}

	/** The node's access to the simulated broker. Use it only in the node's own code. */
	get broker(): Broker {
		return this.#messagingFor("broker").broker;
	}

	/** The node's access to the simulated registry. */
	get registry(): Registry {
		return this.#running().registry;
	}

	/** Writes to the log of the simulation. */
	get logger(): Logger {
		return { log: (level, message) => this.#simulator.note(`${level}: ${message}`) };
	}

	/** Writes to the log of the simulation. */
	log(text: string): void {
		this.#simulator.log.add(this.#simulator.now, this.name, text);
	}

	/**
	 * Runs code as part of this node and returns its result. Rejects with its error, or if the node crashes meanwhile.
	 * Values pass by reference, so pass no contexts or clients from one node to another.
	 */
	run<Value>(code: () => Value | Promise<Value>): Promise<Value> {
		const { process } = this;
		if (process === undefined) return Promise.reject(this.#isDown());
		const caller = this.#simulator.current;
		const result = new Promise<Value>((resolve, reject) => {
			const back = (settle: () => void): void => void this.#simulator.at(0, caller, settle);
			const forget = process.onCrash(() => back(() => reject(new Error(`${this.name} crashed`))));
			this.#simulator.at(0, process, async () => {
				try {
					const value = await code();
					back(() => resolve(value));
				} catch (error) {
					back(() => reject(error));
				}
				forget();
			});
		});
		// A scenario may look at the result much later. The log has the failure at once.
		result.catch((error) => this.log(`run failed: ${error}`));
		return result;
	}

	/**
	 * Serves a contract here as production does: over frames, with a registration that is renewed. Call it only from
	 * the node's own code.
	 */
	serve<C extends AnyContract>(
		contract: C,
		service: Service<C>,
		options: NodeServeOptions<C> = {},
	): Promise<Served> {
		const { transport, registry } = this.#inside("serve");
		const { name, logger, process } = this;
		return served(contract, service, options, {
			name,
			id: `${name}-${this.#lives}`,
			transport,
			registry,
			logger,
			listening: (close) => process?.disposers.push(close),
		});
	}

	/**
	 * Publishes events through the simulated broker, as `app.publish` does in production. Call it only from the node's
	 * own code.
	 */
	readonly publish: Publish = (events, ctx) => this.#messagingFor("publish").publish(events, ctx);

	/**
	 * Handles events of a contract, as `app.subscribe` does in production. Resolves once the group exists. Call it only
	 * from the node's own code.
	 */
	subscribe<C extends AnyContract, H>(
		contract: C,
		handlers: FitsHandlers<C, H> & Handlers<C>,
		options: NodeSubscribeOptions,
	): Promise<Subscribed> {
		return this.#messagingFor("subscribe").subscribe(contract, handlers, options);
	}

	/**
	 * The node's access to the simulated event store, for `commands` and the like: what `app.events` is in production. Use
	 * it only in the node's own code.
	 */
	get store(): EventStore {
		return this.#sourcingFor("store").store;
	}

	/** The node's access to the views, for the tasks of operators: rebuild, switch, drop, retry. */
	get views(): ViewStore {
		return this.#sourcingFor("views").views;
	}

	/**
	 * Builds a view and keeps it up to date, as `app.project` does in production. Resolves once it has begun. Call it only
	 * from the node's own code.
	 */
	project<Reader>(view: View<Reader>): Promise<Projected<Reader>> {
		return this.#sourcingFor("project").project(view);
	}

	/** Reads a view that other nodes build, as `app.view` does in production. Call it only from the node's own code. */
	view<Reader>(view: View<Reader>): Reader {
		return this.#sourcingFor("view").view(view);
	}

	/**
	 * Works on the runs of a workflow, as `app.orchestrate` does in production. Resolves once its groups exist. In each step
	 * the code runs a second time, and the results are compared. Call it only from the node's own code.
	 */
	orchestrate(workflow: Workflow): Promise<Orchestrated> {
		return this.#sourcingFor("orchestrate").orchestrate(workflow);
	}

	/** Delivers the events of the event store, for groups that are assembled by hand. */
	get source(): Broker {
		return this.#sourcingFor("source").source;
	}

	/** Makes a client that finds its instances in the simulated registry. Call it only from the node's own code. */
	client<C extends AnyContract>(contract: C, layers: ClientLayers = {}): Client<C> {
		const { registry, peers } = this.#inside("client");
		const client = createClient(contract, { registry, peers, logger: this.logger, ...layers });
		this.process?.disposers.push(() => client[Symbol.asyncDispose]());
		return client;
	}

	/**
	 * Uses the processor for the given milliseconds. The processor does as many pieces of work at once as it has
	 * cores, and the others wait their turn. The wait ends when the context does.
	 */
	work(milliseconds: number, ctx?: Context): Promise<void> {
		checkDuration("work()", milliseconds);
		return this.#processor.work(milliseconds * this.slowness, ctx);
	}

	/**
	 * Makes the node's work, and what arrives over the network, take `factor` times as long. 1 restores the normal
	 * speed.
	 */
	slow(factor: number): void {
		this.log(factor === 1 ? "is as fast as before" : `is ${factor} times as slow`);
		this.slowness = factor;
	}

	/**
	 * Halts the process for the given milliseconds, as SIGSTOP does: none of its code runs and its clocks go on.
	 * Afterwards everything that became due happens at once.
	 */
	pause(milliseconds: number): void {
		checkDuration("pause()", milliseconds);
		const { process } = this;
		if (process === undefined) throw this.#isDown();
		this.log(`pauses for ${milliseconds.toFixed(0)} ms`);
		process.pausedUntil = Math.max(process.pausedUntil, this.#simulator.now + milliseconds);
	}

	/** Sets the wall clock of the machine this much ahead of the true time, or behind it; `performance.now()` is right. */
	skewClock(milliseconds: number): void {
		checkDuration("skewClock()", Math.abs(milliseconds));
		this.log(`has a wall clock that is ${milliseconds.toFixed(0)} ms ahead`);
		this.#clockSkewMs = milliseconds;
		if (this.process !== undefined) this.process.clockSkewMs = milliseconds;
	}

	/** How many timers, and other things that are due, are pending in the running process. */
	get pending(): number {
		return this.process === undefined ? 0 : this.#simulator.pendingOf(this.process);
	}

	/**
	 * @internal Describes work that this node still has to do. Undefined if there is none.
	 *
	 * @param views The views that other nodes have been asked about: nodes share their views. Adds those of this node.
	 */
	async undelivered(views: Set<string>): Promise<string | undefined> {
		const [messaging, sourcing] = [this.#messaging, this.#sourcing];
		if (messaging === undefined) return undefined;
		const left = async (): Promise<string | undefined> =>
			(await messaging.undelivered()) ?? (await sourcing?.undelivered(views));
		return this.run(left).catch((error) => String(error));
	}

	/**
	 * Ends the node without warning: its timers, calls and memory are gone, and its connections are reset. With `silent`,
	 * the whole machine goes down: no peer learns of it, and nothing answers in its place until it is restarted.
	 */
	crash(options: { readonly silent?: boolean } = {}): void {
		const { process } = this;
		if (process === undefined) return;
		this.log(options.silent ? "crashes silently" : "crashes");
		this.process = undefined;
		this.#parts = undefined;
		this.#messaging = undefined;
		this.#sourcing = undefined;
		this.dark = options.silent ?? false;
		this.listeners.clear();
		process.crash(this.dark);
	}

	/** Starts the node; a running node crashes first. Resolves when its program does. */
	restart(): Promise<void> {
		this.crash();
		this.dark = false;
		this.log("starts");
		const process = this.#simulator.process(this.name, ++this.#lives);
		process.clockSkewMs = this.#clockSkewMs;
		this.process = process;
		this.#processor = new Processor(this.#simulator, this.#options.cores ?? 1);
		return this.run(async () => {
			const transport = simulatedTransport(this, this.#network, this.#options.limits);
			const registry = this.#backends.registry(this);
			this.#parts = { transport, registry, peers: new PeerPool([transport]) };
			process.disposers.push(() => registry.close());
			await this.#program?.(this);
		});
	}

	#running(): { readonly transport: Transport; readonly registry: Registry; readonly peers: PeerPool } {
		if (this.#parts === undefined) throw this.#isDown();
		return this.#parts;
	}

	#messagingFor(what: string): NodeMessaging {
		this.#inside(what);
		if (this.#messaging === undefined) {
			const messaging = this.#backends.messaging(this);
			this.#messaging = messaging;
			this.process?.disposers.push(() => messaging.broker.close());
		}
		return this.#messaging;
	}

	#sourcingFor(what: string): NodeSourcing {
		const messaging = this.#messagingFor(what);
		if (this.#sourcing === undefined) {
			const sourcing = this.#backends.sourcing(this, messaging);
			this.#sourcing = sourcing;
			this.process?.disposers.push(() => sourcing.close());
		}
		return this.#sourcing;
	}

	/** Refuses uses from outside the node, because objects that are made there would outlive a crash. */
	#inside(what: string): {
		readonly transport: Transport;
		readonly registry: Registry;
		readonly peers: PeerPool;
	} {
		if (this.#simulator.current !== this.process) {
			throw new Error(`call ${what} in the program of ${this.name}, or within ${this.name}.run(…)`);
		}
		return this.#running();
	}

	#isDown(): Error {
		return new Error(`${this.name} is down; restart it first`);
	}
}

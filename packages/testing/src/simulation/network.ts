import type { Pipe } from "@allium/core/transport";
import { checkDuration } from "@allium/core/transport";
import { type Latency, logNormal } from "./latency.ts";
import type { Random } from "./random.ts";
import { type Lane, type PipeNetwork, SimulatedPipe } from "./simulated-pipe.ts";
import type { SimulatedProcess } from "./simulated-process.ts";
import type { Simulator } from "./simulator.ts";

/** How the network behaves. */
export interface NetworkOptions {
	/** How long bytes take one way. Default: log-normal with a median of 0.5 ms and 3 ms at p99. */
	readonly latency?: Latency;
	/** How often a chunk of bytes stalls its pipe, and for how long. Default: never. */
	readonly stalls?: { readonly probability: number; readonly duration: Latency };
	/** How often a chunk of bytes ends its pipe with a reset instead of arriving. Default: 0. */
	readonly resets?: number;
	/** The faults of messages of the registry, which are single datagrams. Default: only latency. */
	readonly datagrams?: DatagramOptions;
}

/** The faults of datagrams. */
export interface DatagramOptions {
	/** How often a datagram is lost. Default: 0. */
	readonly loss?: number;
	/** How often a datagram arrives twice. Default: 0. */
	readonly doubling?: number;
	/** A delay beyond the network's latency, so that later datagrams overtake this one. Default: none. */
	readonly delay?: Latency;
}

/** A place in the network. */
export interface NetworkNode {
	readonly name: string;
	/** The current life of the node. Undefined while it is down. */
	readonly process: SimulatedProcess | undefined;
	/** Whether the node went down silently, as in a power failure. Nothing answers in its place. */
	readonly dark: boolean;
	/** The factor by which the node is slowed down. */
	readonly slowness: number;
	/** The listeners for connections, by port. */
	readonly listeners: Map<string, (pipe: Pipe) => void>;
}

/** One direction between two nodes. */
interface Link {
	blocks: number;
	stalledUntil: number;
	held: (() => void)[];
}

/** Carries bytes between the nodes, with latency, stalls, resets and partitions. */
export class SimulatedNetwork implements PipeNetwork {
	readonly #simulator: Simulator;
	readonly #nodes: ReadonlyMap<string, NetworkNode>;
	readonly #random: Random;
	/** The links from each node to each other one, by name. */
	readonly #links = new Map<string, Map<string, Link>>();
	readonly #pipes = new Set<SimulatedPipe>();
	#options: NetworkOptions;
	#port = 0;
	#datagrams = 0;

	constructor(simulator: Simulator, nodes: ReadonlyMap<string, NetworkNode>, options: NetworkOptions) {
		this.#simulator = simulator;
		this.#nodes = nodes;
		this.#random = simulator.source("network");
		this.#options = options;
	}

	/** How many datagrams have been sent: the messages of the registry. */
	get datagrams(): number {
		return this.#datagrams;
	}

	/** Changes the network's behaviour from now on. Options that are not given keep their value. */
	configure(options: NetworkOptions): void {
		this.#options = { ...this.#options, ...options };
	}

	/**
	 * Cuts every node of one side off from every node of the other, in both directions or only `from` → `to`. Bytes on
	 * pipes wait until the partition heals, because TCP repeats them. Datagrams are lost. Returns a function that
	 * heals the partition.
	 */
	partition(
		from: readonly string[],
		to: readonly string[],
		options: { readonly oneWay?: boolean } = {},
	): () => void {
		const links = from.flatMap((one) =>
			to.flatMap((other) => [this.#link(one, other), ...(options.oneWay ? [] : [this.#link(other, one)])]),
		);
		for (const link of links) link.blocks++;
		const between = `${from.join(",")} ${options.oneWay ? "→" : "|"} ${to.join(",")}`;
		this.#simulator.note(`partition ${between}`);
		let healed = false;
		return () => {
			if (healed) return;
			healed = true;
			this.#simulator.note(`heal ${between}`);
			for (const link of links) this.#unblock(link);
		};
	}

	/** Holds everything sent between the two nodes for the given milliseconds. Then all of it arrives. */
	stall(one: string, other: string, milliseconds: number): void {
		checkDuration("stall()", milliseconds);
		this.#simulator.note(`stall ${one} | ${other} for ${milliseconds} ms`);
		for (const link of [this.#link(one, other), this.#link(other, one)]) {
			link.stalledUntil = Math.max(link.stalledUntil, this.#simulator.now + milliseconds);
		}
	}

	/** Resets every pipe between the two. */
	reset(one: string, other: string): void {
		this.#simulator.note(`reset ${one} | ${other}`);
		for (const pipe of [...this.#pipes]) {
			if (pipe.owner.name === one && pipe.remote === other) {
				this.#within(pipe.owner, () => pipe.lost("the connection was reset"));
				pipe.other?.lostSoon("the connection was reset");
			}
		}
	}

	/** Makes every current pipe between the two nodes carry nothing more, without telling either. New pipes work. */
	silence(one: string, other: string): void {
		this.#simulator.note(`silence ${one} | ${other}`);
		for (const pipe of this.#pipes) {
			const [from, to] = [pipe.owner.name, pipe.remote];
			if ((from === one && to === other) || (from === other && to === one)) pipe.silence();
		}
	}

	/** @internal Connects two nodes. Resolves in the process that is running. */
	dial(from: NetworkNode, address: string, signal: AbortSignal): Promise<Pipe> {
		const { hostname, port } = new URL(address);
		const owner = this.#simulator.current;
		return new Promise((resolve, reject) => {
			const abort = (): void => reject(signal.reason);
			signal.addEventListener("abort", abort, { once: true });
			const answer = (settle: () => void): void => {
				this.transmit(hostname, from.name, { busyUntil: 0 }, () => {
					this.#simulator.enter(owner, () => {
						signal.removeEventListener("abort", abort);
						settle();
					});
				});
			};
			this.#simulator.note(`dial ${address}`);
			this.transmit(from.name, hostname, { busyUntil: 0 }, () => {
				const to = this.#nodes.get(hostname);
				if (to?.dark) return;
				const accept = to?.process === undefined ? undefined : to.listeners.get(port);
				if (to?.process === undefined || accept === undefined) {
					answer(() => reject(new Error(`nothing listens at ${address}`)));
					return;
				}
				const [client, server] = this.#pair(owner, to.process);
				this.#simulator.enter(to.process, () => {
					this.#simulator.note(`accept ${client.id} from ${from.name}`);
					accept(server);
				});
				answer(() => {
					if (signal.aborted) client.destroy();
					else resolve(client);
				});
			});
		});
	}

	/** @internal Delivers something to a node. What is sent along one lane arrives in order. */
	transmit(from: string, to: string, lane: Lane, deliver: () => void): void {
		const link = this.#link(from, to);
		if (link.blocks > 0) {
			link.held.push(() => this.transmit(from, to, lane, deliver));
			return;
		}
		const { stalls } = this.#options;
		const { now } = this.#simulator;
		let arrival = Math.max(now, link.stalledUntil) + this.#latency(to);
		if (stalls !== undefined && this.#random.chance(stalls.probability)) {
			arrival += stalls.duration(this.#random.number);
		}
		lane.busyUntil = Math.max(lane.busyUntil, arrival);
		this.#simulator.at(lane.busyUntil - now, this.#simulator.world, deliver);
	}

	/** @internal Sends a datagram, which may be lost, doubled or overtaken. */
	send(from: string, to: string, deliver: () => void): void {
		this.#datagrams++;
		const { loss = 0, doubling = 0, delay } = this.#options.datagrams ?? {};
		const copies = this.#random.chance(loss) ? 0 : this.#random.chance(doubling) ? 2 : 1;
		if (copies !== 1) this.#simulator.note(`datagram to ${to} ${copies === 0 ? "lost" : "doubled"}`);
		for (let copy = 0; copy < copies; copy++) {
			const late = delay === undefined ? 0 : delay(this.#random.number);
			const { blocks, stalledUntil } = this.#link(from, to);
			if (blocks > 0) continue;
			const { now, world } = this.#simulator;
			this.#simulator.at(Math.max(0, stalledUntil - now) + this.#latency(to) + late, world, deliver);
		}
	}

	/** @internal Whether a chunk of bytes should end its pipe. */
	resets(): boolean {
		return this.#random.chance(this.#options.resets ?? 0);
	}

	/** @internal Whether the node of a dead process tells others that the process is gone. */
	answersFor(process: SimulatedProcess): boolean {
		return this.#nodes.get(process.name)?.dark !== true;
	}

	/** @internal */
	forget(pipe: SimulatedPipe): void {
		this.#pipes.delete(pipe);
	}

	#pair(client: SimulatedProcess, server: SimulatedProcess): [SimulatedPipe, SimulatedPipe] {
		const id = `pipe-${++this.#port}`;
		const one = new SimulatedPipe(id, this.#simulator, this, client, server.name);
		const other = new SimulatedPipe(id, this.#simulator, this, server, client.name);
		one.connect(other);
		other.connect(one);
		this.#pipes.add(one).add(other);
		return [one, other];
	}

	#latency(to: string): number {
		const latency = (this.#options.latency ?? defaultLatency)(this.#random.number);
		return latency * (this.#nodes.get(to)?.slowness ?? 1);
	}

	#link(from: string, to: string): Link {
		return this.#links.get(from)?.get(to) ?? this.#newLink(from, to);
	}

	#newLink(from: string, to: string): Link {
		const link: Link = { blocks: 0, stalledUntil: 0, held: [] };
		const links = this.#links.get(from) ?? new Map<string, Link>();
		this.#links.set(from, links.set(to, link));
		return link;
	}

	#unblock(link: Link): void {
		if (--link.blocks > 0) return;
		const held = link.held;
		link.held = [];
		for (const send of held) send();
	}

	/** An event that concerns several processes becomes one event for each of them. */
	#within(process: SimulatedProcess, run: () => void): void {
		this.#simulator.at(0, process, run);
	}
}

const defaultLatency = logNormal({ medianMs: 0.5, p99Ms: 3 });

import type { EndpointTable } from "@allium/core";
import { type FrameLimits, FramesPeer, ServerConnection } from "@allium/core/frames";
import type { Listener, ListenOptions, Peer, Pipe, Transport } from "@allium/core/transport";
import type { NetworkNode, SimulatedNetwork } from "./network.ts";

/** The scheme of the addresses in a simulation: `sim://name-of-the-node:port`. */
const scheme = "sim";

/** Carries the calls of one node over the simulated network, as frames. */
export function simulatedTransport(
	node: NetworkNode,
	network: SimulatedNetwork,
	limits?: Partial<FrameLimits>,
): Transport {
	const dial = (address: string, signal: AbortSignal): Promise<Pipe> => network.dial(node, address, signal);
	return {
		scheme,
		async listen(endpoints: EndpointTable, options: ListenOptions = {}): Promise<Listener> {
			const port = options.address ?? String(4000 + node.listeners.size);
			return new SimulatedListener(node, port, endpoints, limits);
		},
		dial: (address: string): Peer => new FramesPeer(address, dial, { limits }),
	};
}

class SimulatedListener implements Listener {
	readonly addresses: readonly string[];
	readonly #node: NetworkNode;
	readonly #port: string;
	readonly #connections = new Set<ServerConnection>();

	constructor(
		node: NetworkNode,
		port: string,
		endpoints: EndpointTable,
		limits: Partial<FrameLimits> | undefined,
	) {
		this.addresses = [`${scheme}://${node.name}:${port}`];
		this.#node = node;
		this.#port = port;
		if (node.listeners.has(port)) throw new Error(`port ${port} of ${node.name} is taken`);
		node.listeners.set(port, (pipe) => {
			const connection = new ServerConnection(pipe, endpoints, { limits });
			this.#connections.add(connection);
			void connection.closed.then(() => this.#connections.delete(connection));
		});
	}

	async drain(): Promise<void> {
		this.#node.listeners.delete(this.#port);
		await Promise.all([...this.#connections].map((connection) => connection.drain()));
	}

	async close(): Promise<void> {
		this.#node.listeners.delete(this.#port);
		for (const connection of this.#connections) connection.close();
		await Promise.all([...this.#connections].map((connection) => connection.closed));
	}
}

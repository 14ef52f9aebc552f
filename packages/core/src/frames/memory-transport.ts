import { ServiceError } from "../errors/service-error.ts";
import type { EndpointTable } from "../service/endpoint-table.ts";
import type { Pipe } from "../transport/pipe.ts";
import type { Listener, ListenOptions, Peer, Transport } from "../transport/transport.ts";
import { checkFramesOptions, FramesPeer } from "./frames-peer.ts";
import { memoryPipes } from "./memory-pipe.ts";
import { ServerConnection } from "./server-connection.ts";
import type { FrameLimits } from "./settings.ts";

/**
 * Carries calls within one process, as frames over pipes of memory: everything is encoded, bounded and
 * cancelled as over a network. Each transport is a world of its own: what listens on it is reached through it.
 */
export function memoryTransport(options: { limits?: Partial<FrameLimits> } = {}): Transport {
	checkFramesOptions(options);
	const listeners = new Map<string, MemoryListener>();
	let count = 0;

	const dial = async (address: string): Promise<Pipe> => {
		const listener = listeners.get(address);
		if (listener === undefined) throw new Error("nobody listens there");
		return listener.accept();
	};

	return {
		scheme: "memory",
		async listen(endpoints: EndpointTable, { address }: ListenOptions = {}): Promise<Listener> {
			const url = `memory://${address ?? `listener-${++count}`}`;
			if (listeners.has(url)) {
				throw new ServiceError({
					code: "failed_precondition",
					message: `${url} is taken; choose another address`,
				});
			}
			const listener = new MemoryListener(url, endpoints, options.limits, () => listeners.delete(url));
			listeners.set(url, listener);
			return listener;
		},
		dial: (address: string): Peer => new FramesPeer(address, dial, { limits: options.limits }),
	};
}

class MemoryListener implements Listener {
	readonly addresses: readonly string[];
	readonly #endpoints: EndpointTable;
	readonly #limits: Partial<FrameLimits> | undefined;
	readonly #remove: () => void;
	readonly #connections = new Set<ServerConnection>();

	constructor(
		url: string,
		endpoints: EndpointTable,
		limits: Partial<FrameLimits> | undefined,
		remove: () => void,
	) {
		this.addresses = [url];
		this.#endpoints = endpoints;
		this.#limits = limits;
		this.#remove = remove;
	}

	accept(): Pipe {
		const [client, server] = memoryPipes();
		const connection = new ServerConnection(server, this.#endpoints, { limits: this.#limits });
		this.#connections.add(connection);
		void connection.closed.then(() => this.#connections.delete(connection));
		return client;
	}

	async drain(): Promise<void> {
		this.#remove();
		await Promise.all([...this.#connections].map((connection) => connection.drain()));
	}

	async close(): Promise<void> {
		this.#remove();
		for (const connection of this.#connections) connection.close();
		await Promise.all([...this.#connections].map((connection) => connection.closed));
	}
}

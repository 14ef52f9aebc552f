import type { Format } from "../codec/format.ts";
import type { PeerInfo } from "../context/context.ts";
import { ServiceError } from "../errors/service-error.ts";
import type { EndpointTable } from "../service/endpoint-table.ts";
import type { Pipe } from "../transport/pipe.ts";
import type { Listener, ListenOptions, Peer, Transport } from "../transport/transport.ts";
import type { FrameLimits } from "./frame-limits.ts";
import { checkFramesOptions, FramesPeer } from "./frames-peer.ts";
import { memoryPipes } from "./memory-pipe.ts";
import { ServerConnection } from "./server-connection.ts";

/** How calls are carried within one process. */
export interface MemoryTransportOptions {
	/** The formats to prefer to JSON, in order, on both sides. Default: none. */
	readonly formats?: readonly Format[] | undefined;
	readonly limits?: Partial<FrameLimits> | undefined;
	/** The caller as handlers see it, in `ctx.peer`. Default: the address `memory`. */
	readonly caller?: PeerInfo | undefined;
}

/**
 * Carries calls within one process, as frames over pipes of memory: everything is encoded, bounded and
 * cancelled as over a network. A listener is reached only through the transport that it listens on.
 *
 * @throws RangeError for a duration or the number of a format that is not possible.
 */
export function memoryTransport(options: MemoryTransportOptions = {}): Transport {
	checkFramesOptions(options);
	const listeners = new Map<string, MemoryListener>();
	let count = 0;

	const dial = async (address: string): Promise<Pipe> => {
		const listener = listeners.get(address);
		if (listener === undefined) throw new Error("nothing listens there");
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
			const listener = new MemoryListener(url, endpoints, options, () => listeners.delete(url));
			listeners.set(url, listener);
			return listener;
		},
		dial: (address: string): Peer => new FramesPeer(address, dial, options),
	};
}

class MemoryListener implements Listener {
	readonly addresses: readonly string[];
	readonly #endpoints: EndpointTable;
	readonly #options: MemoryTransportOptions;
	readonly #remove: () => void;
	readonly #connections = new Set<ServerConnection>();

	constructor(url: string, endpoints: EndpointTable, options: MemoryTransportOptions, remove: () => void) {
		this.addresses = [url];
		this.#endpoints = endpoints;
		this.#options = options;
		this.#remove = remove;
	}

	accept(): Pipe {
		const [client, server] = memoryPipes(this.#options.caller);
		const connection = new ServerConnection(server, this.#endpoints, this.#options);
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

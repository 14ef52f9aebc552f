import { ServiceError } from "../errors/service-error.ts";
import type { Peer, Transport } from "../transport/transport.ts";

/** A share in the way to an address. Whoever holds it releases it once. */
export interface PeerShare {
	readonly peer: Peer;
	release(): Promise<void>;
}

/** Shares one {@link Peer} for each address among all clients of a process; the last to release it closes it. */
export class PeerPool {
	readonly #transports: readonly Transport[];
	readonly #peers = new Map<string, { peer: Peer; shares: number }>();

	constructor(transports: readonly Transport[]) {
		this.#transports = transports;
	}

	/**
	 * The way to the first of the addresses that a transport is there for.
	 *
	 * @throws ServiceError `failed_precondition` when there is none.
	 */
	share(addresses: readonly string[]): PeerShare {
		const { address, transport } = this.#choose(addresses);
		let entry = this.#peers.get(address);
		if (entry === undefined) {
			entry = { peer: transport.dial(address), shares: 0 };
			this.#peers.set(address, entry);
		}
		entry.shares++;
		let held = true;
		return {
			peer: entry.peer,
			release: async () => {
				if (!held) return;
				held = false;
				await this.#release(address);
			},
		};
	}

	async #release(address: string): Promise<void> {
		const entry = this.#peers.get(address);
		if (entry === undefined || --entry.shares > 0) return;
		this.#peers.delete(address);
		await entry.peer.close();
	}

	#choose(addresses: readonly string[]): { address: string; transport: Transport } {
		for (const address of addresses) {
			const scheme = address.slice(0, address.indexOf(":"));
			const transport = this.#transports.find((candidate) => candidate.scheme === scheme);
			if (transport !== undefined) return { address, transport };
		}
		const known = this.#transports.map(({ scheme }) => `${scheme}:`).join(", ");
		throw new ServiceError({
			code: "failed_precondition",
			message: `no transport for ${addresses.join(", ") || "an instance without addresses"}; there are ${known || "none"}`,
		});
	}
}

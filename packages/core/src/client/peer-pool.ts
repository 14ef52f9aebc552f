import type { Context } from "../context/context.ts";
import type { ContractDescription } from "../contract/describe.ts";
import type { Method } from "../contract/method.ts";
import { ServiceError } from "../errors/service-error.ts";
import type { Instance } from "../registry/instance.ts";
import { instanceIdentity } from "../registry/instance-identity.ts";
import { type ObservedEndpoint, observeCalls } from "../transport/observe-calls.ts";
import type { Dialer, DialOptions, Peer } from "../transport/transport.ts";
import { Descriptions } from "./descriptions.ts";
import type { ObservedPeer } from "./observed-peer.ts";

/** A share in the way to an address. Whoever holds it releases it once. */
export interface PeerShare {
	readonly peer: ObservedPeer;
	readonly address: string;
	release(): Promise<void>;
}

/** A way with its shares, which makes the endpoint of a method once for all of them. */
class SharedPeer implements ObservedPeer {
	shares = 0;
	readonly #peer: Peer;
	/** Weak: methods come and go with the clients that share the way. */
	readonly #endpoints = new WeakMap<Method, ObservedEndpoint>();

	constructor(peer: Peer) {
		this.#peer = peer;
	}

	endpoint(method: Method): ObservedEndpoint {
		let endpoint = this.#endpoints.get(method);
		if (endpoint === undefined) {
			const peer = this.#peer;
			endpoint = peer.observedEndpoint?.(method) ?? observeCalls(peer.endpoint(method), method);
			this.#endpoints.set(method, endpoint);
		}
		return endpoint;
	}

	get refusesUntil(): number {
		return this.#peer.refusesUntil ?? 0;
	}

	close(): Promise<void> {
		return this.#peer.close();
	}
}

/**
 * Shares one {@link Peer} for each address, and the identity that is expected there, among all clients of a process;
 * the last to release it closes it.
 */
export class PeerPool {
	readonly #dialers: readonly Dialer[];
	/** By address and identity. */
	readonly #peers = new Map<string, SharedPeer>();
	/** What the instances say of their services. */
	readonly descriptions: Descriptions = new Descriptions();

	constructor(dialers: readonly Dialer[]) {
		this.#dialers = dialers;
	}

	/**
	 * The way to the first of the addresses that a transport is there for.
	 *
	 * @throws ServiceError `failed_precondition` when there is none.
	 */
	share(addresses: readonly string[], options: DialOptions = {}): PeerShare {
		const { address, dialer } = this.#choose(addresses);
		const key = `${address} ${options.identity ?? ""}`;
		let peer = this.#peers.get(key);
		if (peer === undefined) {
			peer = new SharedPeer(dialer.dial(address, options));
			this.#peers.set(key, peer);
		}
		peer.shares++;
		let held = true;
		return {
			peer,
			address,
			release: async () => {
				if (!held) return;
				held = false;
				await this.#release(key);
			},
		};
	}

	/**
	 * What an instance says of a service; whoever has the same hash was asked for all.
	 *
	 * @throws ServiceError when it cannot be reached, or does not say it.
	 */
	async describe(instance: Instance, service: string, ctx: Context): Promise<ContractDescription> {
		const share = this.share(instance.addresses, { identity: instanceIdentity(instance) });
		try {
			const hash = instance.services.find(({ name }) => name === service)?.hash ?? "";
			return await this.descriptions.of(service, hash, share.peer, ctx);
		} finally {
			await share.release();
		}
	}

	async #release(key: string): Promise<void> {
		const peer = this.#peers.get(key);
		if (peer === undefined || --peer.shares > 0) return;
		this.#peers.delete(key);
		await peer.close();
	}

	#choose(addresses: readonly string[]): { address: string; dialer: Dialer } {
		for (const address of addresses) {
			const scheme = address.slice(0, address.indexOf(":"));
			const dialer = this.#dialers.find((candidate) => candidate.scheme === scheme);
			if (dialer !== undefined) return { address, dialer };
		}
		const known = this.#dialers.map(({ scheme }) => `${scheme}:`).join(", ");
		throw new ServiceError({
			code: "failed_precondition",
			message: `no transport for ${addresses.join(", ") || "an instance without addresses"}; there are ${known || "none"}`,
		});
	}
}

import type { Context } from "../context/context.ts";
import type { ContractDescription } from "../contract/describe.ts";
import type { Method } from "../contract/method.ts";
import { Mistake } from "../errors/mistake.ts";
import { ServiceError } from "../errors/service-error.ts";
import type { Instance } from "../registry/instance.ts";
import { instanceIdentity } from "../registry/instance-identity.ts";
import { type ObservedEndpoint, observeCalls } from "../transport/observe-calls.ts";
import type { Dialer, DialOptions, Peer } from "../transport/transport.ts";
import { Descriptions } from "./descriptions.ts";
import { FallbackPeer } from "./fallback-peer.ts";
import type { ObservedPeer, OwnedPeer, PeerShare } from "./observed-peer.ts";

/** How an instance is reached. */
export interface ShareOptions extends DialOptions {
	/** The schemes that are preferred to the order of the transports. Default: none. */
	readonly schemes?: readonly string[] | undefined;
}

/** The way to one address, through a transport. */
class DialledPeer implements OwnedPeer {
	readonly address: string;
	readonly #peer: Peer;

	constructor(address: string, peer: Peer) {
		this.address = address;
		this.#peer = peer;
	}

	endpoint(method: Method): ObservedEndpoint {
		return this.#peer.observedEndpoint?.(method) ?? observeCalls(this.#peer.endpoint(method), method);
	}

	get refusesUntil(): number {
		return this.#peer.refusesUntil ?? 0;
	}

	get sharedAddress(): string | undefined {
		return this.#peer.isShared === true ? this.address : undefined;
	}

	close(): Promise<void> {
		return this.#peer.close();
	}
}

/** A way with its shares, which makes the endpoint of a method once for all of them. */
class SharedPeer implements ObservedPeer {
	shares = 0;
	readonly #peer: OwnedPeer;
	/** Weak: methods come and go with the clients that share the way. */
	readonly #endpoints = new WeakMap<Method, ObservedEndpoint>();

	constructor(peer: OwnedPeer) {
		this.#peer = peer;
	}

	get address(): string {
		return this.#peer.address;
	}

	endpoint(method: Method): ObservedEndpoint {
		let endpoint = this.#endpoints.get(method);
		if (endpoint === undefined) {
			endpoint = this.#peer.endpoint(method);
			this.#endpoints.set(method, endpoint);
		}
		return endpoint;
	}

	get refusesUntil(): number {
		return this.#peer.refusesUntil;
	}

	get sharedAddress(): string | undefined {
		return this.#peer.sharedAddress;
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
	/** The descriptions that instances give of their services. */
	readonly descriptions: Descriptions = new Descriptions();

	constructor(dialers: readonly Dialer[]) {
		this.#dialers = dialers;
	}

	/** Whether it leads to instances that know nothing of Allium. */
	get callsForeign(): boolean {
		return this.#dialers.some(({ callsForeign }) => callsForeign === true);
	}

	/**
	 * The way to the instance at these addresses. It leads to the address that is preferred, and to the next where that
	 * one cannot be reached. Of several addresses at one host and port, which lead to one socket, only the preferred one
	 * counts.
	 *
	 * @throws ServiceError `failed_precondition` when there is no transport for any of them.
	 */
	share(addresses: readonly string[], { schemes = [], ...options }: ShareOptions = {}): PeerShare {
		const ways = this.#waysTo(addresses, schemes);
		const [only] = ways;
		if (ways.length === 1 && only !== undefined) return this.#shareWay(only, options);
		const key = [...ways.map(({ address }) => address), options.identity ?? ""].join(" ");
		return this.#shareOf(key, () => new FallbackPeer(ways.map((way) => this.#shareWay(way, options))));
	}

	/**
	 * The address at which calls to the instance at these addresses go first.
	 *
	 * @throws ServiceError `failed_precondition` when there is no transport for any of them.
	 */
	preferred(addresses: readonly string[]): string {
		return this.#waysTo(addresses, [])[0]?.address ?? "";
	}

	/**
	 * Checks names of schemes.
	 *
	 * @throws Mistake for one that no transport has.
	 */
	checkSchemes(schemes: readonly string[]): void {
		for (const scheme of schemes) {
			if (this.#dialers.some((dialer) => dialer.scheme === scheme)) continue;
			throw new Mistake(
				`the option "schemes" names ${JSON.stringify(scheme)}, but there is no transport for it; there are ${this.#known}`,
			);
		}
	}

	/**
	 * An instance's description of a service. Instances with the same hash share one description, so only one of them is
	 * asked.
	 *
	 * @throws ServiceError when the instance cannot be reached or does not describe the service.
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

	#shareWay({ address, dialer }: Way, options: DialOptions): PeerShare {
		const key = `${address} ${options.identity ?? ""}`;
		return this.#shareOf(key, () => new DialledPeer(address, dialer.dial(address, options)));
	}

	/** A share in the peer that has the key. The peer is created if it does not exist. */
	#shareOf(key: string, make: () => OwnedPeer): PeerShare {
		let peer = this.#peers.get(key);
		if (peer === undefined) {
			peer = new SharedPeer(make());
			this.#peers.set(key, peer);
		}
		peer.shares++;
		let held = true;
		return {
			peer,
			release: async () => {
				if (!held) return;
				held = false;
				await this.#release(key);
			},
		};
	}

	async #release(key: string): Promise<void> {
		const peer = this.#peers.get(key);
		if (peer === undefined || --peer.shares > 0) return;
		this.#peers.delete(key);
		await peer.close();
	}

	/** The addresses that a transport is there for, the preferred first, and one of those at the same host and port. */
	#waysTo(addresses: readonly string[], schemes: readonly string[]): readonly Way[] {
		const order = [...schemes, ...this.#dialers.map(({ scheme }) => scheme)];
		const ways = addresses
			.flatMap((address) => {
				const dialer = this.#dialers.find(({ scheme }) => scheme === schemeOf(address));
				return dialer === undefined ? [] : [{ address, dialer }];
			})
			.sort((one, other) => order.indexOf(one.dialer.scheme) - order.indexOf(other.dialer.scheme));
		const places = ways.map(({ address }) => placeOf(address));
		const apart = ways.filter((_, index) => places.indexOf(places[index] ?? "") === index);
		if (apart.length > 0) return apart;
		throw new ServiceError({
			code: "failed_precondition",
			message: `no transport for ${addresses.join(", ") || "an instance without addresses"}; there are ${this.#known}`,
		});
	}

	get #known(): string {
		return this.#dialers.map(({ scheme }) => `${scheme}:`).join(", ") || "none";
	}
}

/** An address, and the transport that leads there. */
interface Way {
	readonly address: string;
	readonly dialer: Dialer;
}

function schemeOf(address: string): string {
	return address.slice(0, address.indexOf(":"));
}

/** The host and port of an address; the whole address where it has none. */
function placeOf(address: string): string {
	return /^[^:]*:\/\/([^/?#]+)/.exec(address)?.[1] ?? address;
}

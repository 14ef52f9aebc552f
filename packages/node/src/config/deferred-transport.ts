import type { Context, EndpointTable, Method } from "@allium/core";
import {
	type DialOptions,
	type Listener,
	type ListenOptions,
	type Peer,
	type Transport,
	unreachable,
} from "@allium/core/transport";
import type { Opening } from "./opening.ts";

/** A transport that is opened when it is first needed, so that clients can be made before. */
export class DeferredTransport implements Transport {
	readonly scheme: string;
	readonly #opening: Opening<Transport>;

	/** @param scheme the scheme of the addresses that it dials. */
	constructor(scheme: string, opening: Opening<Transport>) {
		this.scheme = scheme;
		this.#opening = opening;
	}

	async listen(endpoints: EndpointTable, options?: ListenOptions): Promise<Listener> {
		return (await this.#opening.opened()).listen(endpoints, options);
	}

	dial(address: string, options?: DialOptions): Peer {
		return this.#opening.port?.dial(address, options) ?? new DeferredPeer(address, options, this.#opening);
	}
}

/** The way to an address over a transport that its first call opens. */
class DeferredPeer implements Peer {
	readonly #address: string;
	readonly #options: DialOptions | undefined;
	readonly #opening: Opening<Transport>;
	#dialling: Promise<Peer> | undefined;
	#peer: Peer | undefined;

	constructor(address: string, options: DialOptions | undefined, opening: Opening<Transport>) {
		this.#address = address;
		this.#options = options;
		this.#opening = opening;
	}

	get refusesUntil(): number {
		return this.#peer?.refusesUntil ?? 0;
	}

	get isShared(): boolean {
		return this.#peer?.isShared ?? false;
	}

	endpoint(method: Method): (input: unknown, ctx: Context) => Promise<unknown> {
		return async (input, ctx) => {
			const peer = await this.#dial();
			return peer.endpoint(method)(input, ctx);
		};
	}

	async close(): Promise<void> {
		const peer = await this.#dialling?.catch(() => undefined);
		await peer?.close();
	}

	#dial(): Promise<Peer> {
		this.#dialling ??= this.#opening.opened().then(
			(transport) => {
				this.#peer = transport.dial(this.#address, this.#options);
				return this.#peer;
			},
			(error) => {
				this.#dialling = undefined;
				throw unreachable(this.#address, error);
			},
		);
		return this.#dialling;
	}
}

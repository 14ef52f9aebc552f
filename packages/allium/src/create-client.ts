import {
	type AnyContract,
	type Client,
	type ClientLayers,
	type ClientSource,
	createClient as createCoreClient,
	type PeerPool,
	type Transport,
} from "@allium/core";
import { frames, http } from "@allium/node";

/** As for the core's `createClient`; without transports, `allium:` and `http:` addresses are known. */
export type ClientOptions = ClientSource &
	ClientLayers &
	({ readonly transports?: readonly Transport[] } | { readonly peers: PeerPool });

/**
 * Makes a client of a contract, for one address or a registry. Dispose it when it is no longer needed.
 *
 * @example
 * await using add = createClient(Add, { url: "http://127.0.0.1:4000" });
 * const { v } = await add.sum({ a: 1, b: 2 });
 */
export function createClient<C extends AnyContract>(contract: C, options: ClientOptions): Client<C> {
	return createCoreClient(contract, { transports: [frames(), http()], ...options });
}

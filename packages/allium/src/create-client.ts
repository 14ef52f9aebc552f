import {
	type AnyContract,
	type Client,
	type ClientLayers,
	type ClientSource,
	type ClientWay,
	createClient as createCoreClient,
} from "@allium/core";
import { webSocketTransport } from "@allium/core/frames";
import type { Acceptor, Dialer, PeerPool } from "@allium/core/transport";
import { ContractCheck, nodeDialers, type TlsOptions } from "@allium/node";

/**
 * The options of the core's `createClient`. Besides the schemes of the given transports, the client knows addresses of
 * `allium:`, `http:` and `ws:`, and those over TLS: `allium+tls:`, `https:` (as `tls` says) and `wss:`.
 */
export type ClientOptions = ClientSource &
	ClientLayers &
	(
		| { readonly transports?: readonly (Dialer | Acceptor)[]; readonly tls?: TlsOptions }
		| { readonly peers: PeerPool }
	);

/**
 * Makes a client of a contract, for one address or a registry. Dispose it when it is no longer needed. If the client
 * has a logger, it logs a warning when the contract of the instances that it calls has breaking differences.
 *
 * @example
 * await using add = createClient(Add, { url: "http://127.0.0.1:4000" });
 * const { v } = await add.sum({ a: 1, b: 2 });
 */
export function createClient<C extends AnyContract>(contract: C, options: ClientOptions): Client<C> {
	const { logger } = options;
	const onDescribed = logger && new ContractCheck(logger).forClient(contract);
	return createCoreClient(contract, {
		...(onDescribed !== undefined && { onDescribed }),
		...options,
		...wayOf(options),
	});
}

/** Returns the shared connections if they were given, otherwise all transports. */
function wayOf(options: ClientOptions): ClientWay {
	if ("peers" in options) return { peers: options.peers };
	const { transports, tls } = options;
	const ways = [
		...nodeDialers(transports, { tls }),
		webSocketTransport(),
		webSocketTransport({ scheme: "wss" }),
	];
	return { transports: ways };
}

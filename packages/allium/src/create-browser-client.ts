import {
	type AnyContract,
	type Client,
	type ClientLayers,
	type ClientSource,
	createClient as createCoreClient,
} from "@allium/core";
import type { Dialer, PeerPool } from "@allium/core/transport";
import { webTransports } from "./web-transports.ts";

/**
 * The options of the core's `createClient`. Besides the schemes of the given transports, the client knows addresses of
 * `http:`, `https:`, `ws:` and `wss:`. An address without a scheme is relative to the page's own server.
 */
export type ClientOptions = ClientSource &
	ClientLayers &
	({ readonly transports?: readonly Dialer[] } | { readonly peers: PeerPool });

/**
 * Makes a client of a contract for one address. Over `http:` it makes unary calls and receives streams of replies.
 * Over `ws:` it makes calls of all four kinds on one connection.
 *
 * @example
 * const add = createClient(Add, { url: "/" });
 * const { v } = await add.sum({ a: 1, b: 2 });
 */
export function createClient<C extends AnyContract>(contract: C, options: ClientOptions): Client<C> {
	const known =
		"peers" in options
			? options
			: { ...options, transports: [...(options.transports ?? []), ...webTransports()] };
	if (!("url" in known)) return createCoreClient(contract, known);
	const { location } = globalThis as { readonly location?: { readonly href: string } };
	const urls = typeof known.url === "string" ? [known.url] : known.url;
	const url = urls.map((each) => URL.parse(each, location?.href)?.href ?? each);
	return createCoreClient(contract, { ...known, url });
}

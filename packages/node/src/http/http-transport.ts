import type { EndpointTable } from "@allium/core";
import type { DialOptions, Listener, ListenOptions, Peer, Transport } from "@allium/core/transport";
import { checkDuration } from "@allium/core/transport";
import { parseListenAddress } from "../server/listen-address.ts";
import { listen } from "../server/server.ts";
import { TlsDialer } from "../tls/tls-dialer.ts";
import { requireCertificate, type TlsOptions } from "../tls/tls-options.ts";
import { HttpPeer, type HttpPeerOptions } from "./http-peer.ts";

/** Options of the transport over TLS. */
export interface HttpsOptions extends HttpPeerOptions {
	/** The certificate of this side, and the authorities that it trusts. Listening takes `cert` and `key`. */
	readonly tls?: TlsOptions | undefined;
}

/**
 * The Connect protocol over HTTP, for URLs such as `http://127.0.0.1:4000`. curl, browsers and Connect clients in any
 * language speak it. It listens as the one port does, without frames.
 *
 * @throws RangeError for a duration that is not possible.
 */
export function http(options: HttpPeerOptions = {}): Transport {
	checkDuration("connectTimeoutMs", options.connectTimeoutMs ?? 0);
	return {
		scheme: "http",
		listen: (endpoints, listenOptions) => listenWith(endpoints, undefined, listenOptions),
		dial: (address: string): Peer => new HttpPeer(address, options),
	};
}

/**
 * The Connect protocol over HTTPS, for URLs such as `https://add.example:443`.
 *
 * @throws ServiceError `failed_precondition` when the files of a certificate cannot be used; RangeError for a duration
 * that is not possible.
 */
export function https(options: HttpsOptions = {}): Transport {
	checkDuration("connectTimeoutMs", options.connectTimeoutMs ?? 0);
	const dialer = new TlsDialer(options.tls);
	return {
		scheme: "https",
		listen: (endpoints, listenOptions) =>
			listenWith(endpoints, requireCertificate(options.tls), listenOptions),
		dial: (address: string, { identity }: DialOptions = {}): Peer =>
			new HttpPeer(address, options, { dialer, identity }),
	};
}

async function listenWith(
	endpoints: EndpointTable,
	tls: TlsOptions | undefined,
	{ address = "127.0.0.1:0", logger }: ListenOptions = {},
): Promise<Listener> {
	return listen(endpoints, {
		...parseListenAddress(address),
		...(logger !== undefined && { logger }),
		tls,
	});
}

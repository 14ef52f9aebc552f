import type { ServiceError } from "@allium/core";
import { type Peer, type Transport, unreachable } from "@allium/core/transport";
import type { TlsOptions } from "./tls-options.ts";

/**
 * A transport without TLS in a process whose callees have to prove which app they are. It calls none of those: whoever
 * can write to the registry could list a process of his own. Addresses that code gives are called.
 */
export function withoutProof(transport: Transport, tls: TlsOptions | undefined): Transport {
	return {
		...transport,
		dial(address, { identity } = {}): Peer {
			const error = unproven(address, identity, tls);
			if (error === undefined) return transport.dial(address);
			return { endpoint: () => () => Promise.reject(error), close: async () => {} };
		},
	};
}

/** The error of an address without TLS at which an app is expected that has to prove itself; undefined for others. */
export function unproven(
	address: string,
	identity: string | undefined,
	tls: TlsOptions | undefined,
): ServiceError | undefined {
	if (identity === undefined || tls?.serverCertificates !== "app") return undefined;
	return unreachable(
		address,
		`without TLS nobody there can prove to be ${identity}; start that app with ALLIUM_TLS, too`,
	);
}

import type { ServiceError } from "@allium/core";
import { type Peer, type Transport, unreachable } from "@allium/core/transport";
import type { TlsOptions } from "./tls-options.ts";

/**
 * Wraps a transport without TLS in a process whose callees have to prove which app they are. It refuses to call
 * instances from the registry, because anybody who can write to the registry could list a malicious process. It calls
 * addresses that code gives.
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

/** The error for an address without TLS at which an app has to prove its identity. Undefined for any other address. */
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

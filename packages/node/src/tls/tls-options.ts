import { ServiceError } from "@allium/core";

/** How a port that speaks TLS treats plain connections. */
export type PlainPolicy = "refuse" | "loopback" | "allow";

/** How a server treats its clients' certificates. */
export type ClientCertificates = "require" | "request" | "ignore";

/** The name that a client requires in the certificates of servers. */
export type ServerCertificates = "host" | "app";

/**
 * TLS for both directions of a process: how it proves its identity, and which authorities it trusts. Certificates, keys
 * and authorities are paths of PEM files, which are read again when they change, or the PEM text itself.
 */
export interface TlsOptions {
	/** The certificate of this process, with the chain behind it. A server needs one; a client may have one. */
	readonly cert?: string | undefined;
	/** The private key of the certificate. */
	readonly key?: string | undefined;
	/**
	 * The authorities that must have issued the certificates of others. Default, for clients: the authorities that Node
	 * trusts.
	 */
	readonly ca?: string | undefined;
	/**
	 * Whether clients of this server must prove their identity. `"request"` also lets in clients that do not,
	 * without an identity. Default: `"require"` when `ca` is given, else `"ignore"`.
	 */
	readonly clientCertificates?: ClientCertificates | undefined;
	/**
	 * How a server treats connections without TLS. `"loopback"` accepts connections from its own machine. Default:
	 * `"refuse"`.
	 */
	readonly plain?: PlainPolicy | undefined;
	/**
	 * The name that the certificates of servers must contain. `"host"` is the host of the address. `"app"` is the app that
	 * the registry lists at the address, as `spiffe://<namespace>/<app>`; if no app is known, as for an address that code
	 * gives, the host counts. Default: `"app"` for a folder, such as `ALLIUM_TLS` names, and `"host"` otherwise.
	 */
	readonly serverCertificates?: ServerCertificates | undefined;
	/** The host for which certificates of servers are checked. Default: the host of the address. */
	readonly serverName?: string | undefined;
	/** The namespace of the apps that callers may be: `ctx.peer.app`. Default: `default`. */
	readonly namespace?: string | undefined;
	/**
	 * How often, at most, the files are checked when connections begin, in milliseconds; Infinity for never. Default: 1
	 * s.
	 */
	readonly reloadMs?: number | undefined;
}

/**
 * The options of a listener with TLS.
 *
 * @throws ServiceError `failed_precondition` when there is no certificate.
 */
export function requireCertificate(options: TlsOptions | undefined): TlsOptions {
	if (options?.cert !== undefined) return options;
	throw new ServiceError({
		code: "failed_precondition",
		reason: "invalid_configuration",
		message: "listening with TLS takes a certificate; set tls.cert and tls.key",
	});
}

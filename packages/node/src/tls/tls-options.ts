import { ServiceError } from "@allium/core";

/** What plain connections get on a port that speaks TLS. */
export type PlainPolicy = "refuse" | "loopback" | "allow";

/** What a server asks of its clients' certificates. */
export type ClientCertificates = "require" | "request" | "ignore";

/**
 * TLS for both directions of a process: how it proves itself, and whom it trusts. Certificates, keys and
 * authorities are given as paths of PEM files, which are read again when they change; or as the PEM text itself.
 */
export interface TlsOptions {
	/** The certificate of this process, with the chain behind it. A server needs one; a client may have one. */
	readonly cert?: string | undefined;
	/** The private key of the certificate. */
	readonly key?: string | undefined;
	/** The authorities that certificates of others must come from. Default, for clients: those that Node trusts. */
	readonly ca?: string | undefined;
	/**
	 * Whether clients of this server have to prove who they are. `"request"` lets in those that do not, without
	 * an identity. Default: `"require"` when `ca` is given, else `"ignore"`.
	 */
	readonly clientCertificates?: ClientCertificates | undefined;
	/** What a server does with connections without TLS; `"loopback"` takes those of its own machine. Default: `"refuse"`. */
	readonly plain?: PlainPolicy | undefined;
	/** The name that certificates of servers are checked for. Default: the host of the address. */
	readonly serverName?: string | undefined;
	/** How often, at most, files are looked at when connections come, in milliseconds; Infinity for never. Default: 1 s. */
	readonly reloadMs?: number | undefined;
}

/**
 * The options of something that listens with TLS.
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

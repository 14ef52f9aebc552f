import { isIP } from "node:net";
import type { PeerCertificate, TLSSocket } from "node:tls";
import type { Logger } from "@allium/core";
import { tls } from "../platform/builtins.ts";
import { Credentials } from "./credentials.ts";
import { otherIdentity } from "./server-identity.ts";
import { advise } from "./tls-advice.ts";
import type { TlsOptions } from "./tls-options.ts";

/** The ALPN names of the protocols within TLS. */
export type TlsProtocol = "allium/1" | "h2" | "http/1.1";

/** Begins connections over TLS. It checks the identity of the server, and proves that of this side. */
export class TlsDialer {
	readonly #credentials: Credentials;
	readonly #serverName: string | undefined;
	/** Whether servers prove which app they are, where it is known which one is expected. */
	readonly #checksApps: boolean;

	/**
	 * @param trustsPublic whether the authorities that Node trusts count in addition to the authorities of the options.
	 * Default: false.
	 * @throws ServiceError `failed_precondition` when the files of a certificate cannot be used.
	 */
	constructor(options: TlsOptions = {}, logger?: Logger, trustsPublic = false) {
		this.#credentials = new Credentials(options, logger, trustsPublic);
		this.#serverName = options.serverName;
		this.#checksApps = options.serverCertificates === "app";
	}

	/**
	 * Begins a connection. `secureConnect` reports that the server proved its identity; `error` reports that it did
	 * not, or that it cannot be reached.
	 *
	 * @param identity that which the server has to prove, where it is known. Default: that of the host.
	 */
	dial(host: string, port: number, protocol: TlsProtocol, identity?: string): TLSSocket {
		const name = this.#serverName ?? (isIP(host) === 0 ? host : undefined);
		const socket = tls().connect({
			host,
			port,
			// An address is not a server name. The certificate is then checked for the address.
			...(name !== undefined && { servername: name }),
			...(this.#checksApps &&
				identity !== undefined && {
					checkServerIdentity: (_host: string, certificate: PeerCertificate) =>
						otherIdentity(certificate, identity),
				}),
			secureContext: this.#credentials.context,
			// Set explicitly, so that the environment of the process cannot switch the check off.
			rejectUnauthorized: true,
			ALPNProtocols: [protocol],
		});
		let isSecure = false;
		// These listeners are the first, so that all others see the completed error.
		socket.once("secureConnect", () => {
			isSecure = true;
		});
		socket.once("error", (error) => advise(error, isSecure));
		return socket.setNoDelay(true).setKeepAlive(true);
	}
}

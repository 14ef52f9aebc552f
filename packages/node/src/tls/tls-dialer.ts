import { isIP } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Logger } from "@allium/core";
import { tls } from "../platform/builtins.ts";
import { Credentials } from "./credentials.ts";
import type { TlsOptions } from "./tls-options.ts";
import { adviseOnTrust } from "./untrusted.ts";

/** What is spoken within TLS. */
export type TlsProtocol = "allium/1" | "h2" | "http/1.1";

/** Begins connections over TLS: checks who the server is, and proves who this side is. */
export class TlsDialer {
	readonly #credentials: Credentials;
	readonly #serverName: string | undefined;

	/** @throws ServiceError `failed_precondition` when the files of a certificate cannot be used. */
	constructor(options: TlsOptions = {}, logger?: Logger) {
		this.#credentials = new Credentials(options, logger);
		this.#serverName = options.serverName;
	}

	/**
	 * Begins a connection. `secureConnect` tells that the server proved who it is, `error` that it did not or
	 * cannot be reached.
	 */
	dial(host: string, port: number, protocol: TlsProtocol): TLSSocket {
		const name = this.#serverName ?? (isIP(host) === 0 ? host : undefined);
		const socket = tls().connect({
			host,
			port,
			// An address is no server name; the certificate is then checked for the address.
			...(name !== undefined && { servername: name }),
			secureContext: this.#credentials.context,
			// Stated, so that the environment of the process cannot switch it off.
			rejectUnauthorized: true,
			ALPNProtocols: [protocol],
		});
		// The first who is told of an error: all others see what it says then.
		socket.once("error", adviseOnTrust);
		return socket.setNoDelay(true).setKeepAlive(true);
	}
}

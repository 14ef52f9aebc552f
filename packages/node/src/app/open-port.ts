import type { AddressInfo } from "node:net";
import type { Guard, Logger } from "@allium/core";
import { isLoopback } from "../server/loopback.ts";
import type { TlsOptions } from "../tls/tls-options.ts";

/** Options of {@link warnOfOpenPort}. */
export interface OpenPortOptions {
	/** The name of the process. */
	readonly name: string;
	readonly tls: TlsOptions | undefined;
	/** The guard that the user gave. */
	readonly guard: Guard | undefined;
	readonly logger: Logger;
}

/**
 * Warns of a port that other machines can reach without TLS and without a guard.
 *
 * @returns a function that the server calls when it listens.
 */
export function warnOfOpenPort({ name, tls, guard, logger }: OpenPortOptions): (bound: AddressInfo) => void {
	return ({ address, port }) => {
		const isPlain = tls?.cert === undefined || tls.plain === "allow";
		if (!isPlain || guard !== undefined || isLoopback(address)) return;
		const where = address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
		logger.log(
			"warn",
			`${name} listens on ${where} without TLS and without a guard, so everybody who reaches that port may call it; set ALLIUM_TLS (allium tls init makes certificates), give it a guard, or listen on 127.0.0.1`,
		);
	};
}

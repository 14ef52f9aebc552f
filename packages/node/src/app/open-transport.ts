import type { Guard, Logger } from "@allium/core";
import type { Config } from "../config/config.ts";
import { maskUrl } from "../config/mask-url.ts";
import type { Part } from "./part.ts";

/** Options of {@link warnOfOpenTransport}. */
export interface OpenTransportOptions {
	/** The name of the process. */
	readonly name: string;
	readonly config: Config;
	/** The guard that the user gave. */
	readonly guard: Guard | undefined;
	readonly logger: Logger;
}

/**
 * A part that warns when a process starts whose port asks callers for certificates, while its transport lets them call
 * without one.
 */
export function warnOfOpenTransport({ name, config, guard, logger }: OpenTransportOptions): Part {
	return {
		name: "the check of the transport",
		start() {
			const { tls, transport } = config;
			const certificates = tls?.clientCertificates ?? (tls?.ca === undefined ? "ignore" : "require");
			const asks = tls?.cert !== undefined && certificates === "require";
			if (!asks || transport === undefined || guard !== undefined) return;
			logger.log(
				"warn",
				`${name} asks callers at its port for certificates, but calls over ${maskUrl(transport.url)} come without; give it a guard, or have the server let only its callers publish to it`,
			);
		},
	};
}

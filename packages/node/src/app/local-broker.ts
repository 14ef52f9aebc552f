import type { Logger, Registry } from "@allium/core";
import { schemeOf } from "../config/adapters.ts";
import type { BackendConnection } from "./backend-connection.ts";
import type { Part } from "./part.ts";

/** The broker and the registry of a process. */
export interface LocalBrokerOptions {
	readonly broker: Pick<BackendConnection<"broker">, "isNeeded" | "location">;
	readonly registry: Pick<Registry, "spansHosts">;
	readonly logger: Logger;
}

/**
 * Warns of events that stay on their host while calls reach other hosts: `ALLIUM_URL` may name a backend that has no
 * broker, and then events are in the files of the default.
 */
export function warnOfLocalBroker({ broker, registry, logger }: LocalBrokerOptions): Part {
	return {
		name: "the check of the broker",
		start() {
			if (!broker.isNeeded || registry.spansHosts !== true || schemeOf(broker.location) !== "sqlite") return;
			const message =
				"events stay on this host, while the registry spans hosts: set ALLIUM_BROKER to a broker that all hosts share";
			logger.log("warn", message, { broker: broker.location });
		},
	};
}

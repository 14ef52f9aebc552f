import { type Logger, silentLogger } from "@allium/core";
import type { Broker } from "@allium/core/event";
import type { BackendChoice } from "./backend.ts";
import { type Adapters, backends } from "./backends.ts";
import { builtIn } from "./built-in.ts";
import { openBackend } from "./open-backend.ts";

/** How a broker is opened. */
export interface OpenBrokerOptions {
	/** Adapters by scheme. They take precedence over installed ones. Default: none. */
	readonly adapters?: Adapters;
	/** The namespace of the process. Default: `default`. */
	readonly namespace?: string;
	/** The folder from which packages are resolved, and where relative paths of the URL begin. Default: the current one. */
	readonly cwd?: string;
	/** Default: logs nothing. */
	readonly logger?: Logger;
}

/**
 * Opens the broker at a URL. The scheme names the adapter: one that was passed in, else the package
 * `@allium/<scheme>`. Close it when it is no longer needed.
 *
 * @param backend a URL, or the choice of a configuration: `config.backends.broker`.
 * @throws ServiceError `failed_precondition` when there is no adapter, or it has no broker; `unavailable` when the
 * broker does not answer.
 * @example
 * const broker = await openBroker("postgres://events:secret@db.internal/events");
 */
export function openBroker(
	backend: string | BackendChoice,
	options: OpenBrokerOptions = {},
): Promise<Broker> {
	const { adapters = {}, namespace = "default", cwd = process.cwd(), logger = silentLogger } = options;
	const choice = typeof backend === "string" ? { url: backend, source: "the URL of the broker" } : backend;
	return openBackend(backends, "broker", choice, { adapters, builtIn, namespace, cwd, logger, scope: {} });
}

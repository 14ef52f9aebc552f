import type { Logger } from "@allium/core";
import { type Registry, silentLogger } from "@allium/core";
import type { BackendChoice } from "./backend.ts";
import { type Adapters, backends } from "./backends.ts";
import { builtIn } from "./built-in.ts";
import { openBackend } from "./open-backend.ts";

/** How a registry is opened. */
export interface OpenRegistryOptions {
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
 * Opens the registry at a URL. The scheme names the adapter: one that was passed in, else the package
 * `@allium/<scheme>`. Close it when it is no longer needed.
 *
 * @param backend a URL, or the choice of a configuration: `config.backends.registry`.
 * @throws ServiceError `failed_precondition` when there is no adapter, or it has no registry; `unavailable` when the
 * registry does not answer.
 * @example
 * const registry = await openRegistry("static:orders=http://10.0.0.1:4000");
 */
export function openRegistry(
	backend: string | BackendChoice,
	options: OpenRegistryOptions = {},
): Promise<Registry> {
	const { adapters = {}, namespace = "default", cwd = process.cwd(), logger = silentLogger } = options;
	const choice = typeof backend === "string" ? { url: backend, source: "the URL of the registry" } : backend;
	return openBackend(backends, "registry", choice, { adapters, builtIn, namespace, cwd, logger, scope: {} });
}

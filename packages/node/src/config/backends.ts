import type { Registry } from "@allium/core";
import type { AdapterOf, AdaptersOf, Backends } from "./backend.ts";
import { DeferredRegistry } from "./deferred-registry.ts";

/** The ports of a process that need backends. */
export interface Ports {
	/** The instances that are up, and their addresses. */
	readonly registry: Registry;
}

/** What an adapter package exports: a function for each port that it serves. */
export type Adapter = AdapterOf<Ports>;

/** Adapters by the scheme of their URLs, for bundlers and third parties: `{ nats: () => import("@allium/nats") }`. */
export type Adapters = AdaptersOf<Ports>;

/** The backends of a process. */
export const backends: Backends<Ports> = {
	registry: {
		variable: "ALLIUM_REGISTRY",
		binding: "allium-registry",
		default: "sqlite:",
		defer: (opening) => new DeferredRegistry(opening),
	},
};

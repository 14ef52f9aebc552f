import type { Registry } from "@allium/core";
import type { Broker } from "@allium/core/event";
import type { Transport } from "@allium/core/transport";
import type { AdapterOf, AdaptersOf, Backends } from "./backend.ts";
import { DeferredBroker } from "./deferred-broker.ts";
import { DeferredRegistry } from "./deferred-registry.ts";

/** The ports of a process that need backends. */
export interface Ports {
	/** The instances that are up, and their addresses. */
	readonly registry: Registry;
	/** Carries events. */
	readonly broker: Broker;
}

/** The ports that adapters may serve. */
export interface AdapterPorts extends Ports {
	/** Carries calls, beside the transports of Node. */
	readonly transport: Transport;
}

/** What an adapter package exports: a function for each port that it serves. */
export type Adapter = AdapterOf<AdapterPorts>;

/** Adapters by the scheme of their URLs, for bundlers and third parties: `{ nats: () => import("@allium/nats") }`. */
export type Adapters = AdaptersOf<AdapterPorts>;

/** The backends of a process. */
export const backends: Backends<Ports> = {
	registry: {
		variable: "ALLIUM_REGISTRY",
		binding: "allium-registry",
		default: "sqlite:",
		defer: (opening) => new DeferredRegistry(opening),
	},
	broker: {
		variable: "ALLIUM_BROKER",
		binding: "allium-broker",
		default: "sqlite:",
		defer: (opening) => new DeferredBroker(opening),
	},
};

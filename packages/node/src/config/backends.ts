import type { Registry } from "@allium/core";
import type { Broker } from "@allium/core/event";
import type { EventStore, ViewStore } from "@allium/core/store";
import type { Transport } from "@allium/core/transport";
import type { AdapterOf, AdaptersOf, Backends } from "./backend.ts";
import { DeferredBroker } from "./deferred-broker.ts";
import { DeferredEventStore } from "./deferred-event-store.ts";
import { DeferredRegistry } from "./deferred-registry.ts";
import { DeferredViewStore } from "./deferred-view-store.ts";

/** The ports of a process that need backends. */
export interface Ports {
	/** The instances that are up, and their addresses. */
	readonly registry: Registry;
	/** Carries events. */
	readonly broker: Broker;
	/** Keeps streams of events. */
	readonly eventStore: EventStore;
	/** Keeps views. */
	readonly viewStore: ViewStore;
}

/** The ports that adapters may serve. */
export interface AdapterPorts extends Ports {
	/** Carries calls, in addition to the transports of Node. */
	readonly transport: Transport;
}

/** The exports of an adapter package: a function for each port that it serves. */
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
	eventStore: {
		variable: "ALLIUM_EVENTS",
		binding: "allium-events",
		default: "sqlite:",
		called: "event store",
		defer: (opening) => new DeferredEventStore(opening),
	},
	viewStore: {
		variable: "ALLIUM_VIEWS",
		binding: "allium-views",
		follows: "ALLIUM_EVENTS",
		default: "sqlite:",
		called: "view store",
		defer: (opening) => new DeferredViewStore(opening),
	},
};

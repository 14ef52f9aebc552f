import type { AnyContract } from "../contract/contract.ts";
import { consoleLogger, type Logger } from "../logger/logger.ts";
import type { EventStore } from "./event-store.ts";

/** The app that a store belongs to, for what writes to it. */
export interface EventStoreOwner {
	/** The name of the app: the source of its events. */
	readonly name: string;
	readonly logger: Logger;
	/**
	 * Declares that the events of a contract come from this store. From then on they come from nowhere else, and events
	 * that are not private are relayed to the broker of the app.
	 */
	keeps(contract: AnyContract): void;
}

/** The event store of an app. */
export interface OwnedEventStore extends EventStore {
	readonly owner: EventStoreOwner;
}

/** The app that a store belongs to; undefined for a store that was made by hand. */
export function ownerOf(store: EventStore): EventStoreOwner | undefined {
	return (store as Partial<OwnedEventStore>).owner;
}

/** The logger for failures that have no caller to report to. */
export function loggerOf(store: EventStore): Logger {
	return ownerOf(store)?.logger ?? consoleLogger;
}

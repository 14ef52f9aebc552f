import type { MemoryEventStoreOptions } from "@allium/core/memory-store";
import type { EventStore } from "@allium/core/store";
import { DeferredEventStore } from "./deferred-event-store.ts";
import { Opening } from "./opening.ts";

/**
 * An event store within one process, for tests. Its events are lost when the process ends. It is loaded when it is first
 * used.
 */
export function memoryEventStore(options: MemoryEventStoreOptions = {}): EventStore {
	const open = async () => (await import("@allium/core/memory-store")).memoryEventStore(options);
	return new DeferredEventStore(new Opening("event store", open, (store) => store.close()));
}

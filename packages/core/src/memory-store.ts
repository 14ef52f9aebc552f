/**
 * Event stores and view stores in memory: `@allium/core/memory-store`. They stand apart from `@allium/core/store`, so
 * that only a process that uses them loads them.
 */

export { type MemoryEventStoreOptions, memoryEventStore } from "./store/memory-event-store.ts";
export { type MemoryViewStoreOptions, MemoryViews, memoryViewStore } from "./store/memory-view-store.ts";

export { broker } from "./broker.ts";
export { dataFolder } from "./data-folder.ts";
export { eventStore } from "./event-store.ts";
export type { SqliteBrokerOptions } from "./sqlite-broker.ts";
export type { SqliteEventStoreOptions } from "./sqlite-event-store.ts";
export { onceStore, type SqliteOnceStoreOptions } from "./sqlite-once-store.ts";
export { registry, type SqliteRegistryOptions } from "./sqlite-registry.ts";
export { type SqliteViewStoreOptions, viewStore } from "./sqlite-view-store.ts";

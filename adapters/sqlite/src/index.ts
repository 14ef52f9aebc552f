export { dataFolder } from "./data-folder.ts";
export { broker, type SqliteBrokerOptions } from "./sqlite-broker.ts";
export { onceStore, type SqliteOnceStoreOptions } from "./sqlite-once-store.ts";
export { registry, type SqliteRegistryOptions } from "./sqlite-registry.ts";

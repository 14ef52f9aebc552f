export { broker, type PostgresBrokerOptions } from "./postgres-broker.ts";
export { eventStore, type PostgresEventStoreOptions } from "./postgres-event-store.ts";
export { onceStore, type PostgresOnceStoreOptions } from "./postgres-once-store.ts";
export type { PostgresOptions } from "./postgres-url.ts";
export { type PostgresViewStoreOptions, viewStore } from "./postgres-view-store.ts";

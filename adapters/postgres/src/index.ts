export { broker, type PostgresBrokerOptions } from "./postgres-broker.ts";
export type { PostgresOptions } from "./postgres-url.ts";

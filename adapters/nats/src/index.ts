export { broker, type NatsBrokerOptions } from "./events/nats-broker.ts";
export { type NatsRegistryOptions, registry } from "./nats-registry.ts";
export type { NatsOptions } from "./nats-url.ts";
export { type NatsTransportOptions, transport } from "./transport.ts";

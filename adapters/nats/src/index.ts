export { natsConnection } from "./nats-connection.ts";
export type { NatsOptions } from "./nats-url.ts";
export { type NatsTransportOptions, transport } from "./transport.ts";

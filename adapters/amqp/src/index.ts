export type { AmqpOptions } from "./amqp-url.ts";
export { type AmqpTransportOptions, transport } from "./calls/transport.ts";
export { broker, type RabbitBrokerOptions } from "./rabbit-broker.ts";

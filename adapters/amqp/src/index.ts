export type { AmqpOptions } from "./amqp-url.ts";
export { broker, type RabbitBrokerOptions } from "./rabbit-broker.ts";

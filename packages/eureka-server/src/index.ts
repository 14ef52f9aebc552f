export { type EurekaServerOptions, eurekaServer } from "./eureka-server.ts";

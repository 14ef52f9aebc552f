export { type EurekaOptions, registry } from "./eureka-registry.ts";

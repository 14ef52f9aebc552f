export { type ConsulOptions, registry } from "./consul-registry.ts";

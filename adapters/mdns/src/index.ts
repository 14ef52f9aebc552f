export { type MdnsOptions, registry } from "./mdns-registry.ts";

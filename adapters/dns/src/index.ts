export { type DnsRegistryOptions, registry } from "./dns-registry.ts";

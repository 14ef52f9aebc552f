/** Several hosts on one machine, for tests: `@allium/testing/hosts`. */

export { canMakeHosts, type NetworkHost, NetworkHosts } from "./network-hosts.ts";

export { type EtcdOptions, registry } from "./etcd-registry.ts";

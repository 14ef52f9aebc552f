export { registry, type ZooKeeperOptions } from "./zookeeper-registry.ts";

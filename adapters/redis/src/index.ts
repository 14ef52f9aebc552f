export { type RedisOptions, registry } from "./redis-registry.ts";

export { dataFolder } from "./data-folder.ts";
export { registry, type SqliteRegistryOptions } from "./sqlite-registry.ts";

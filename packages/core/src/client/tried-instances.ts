import { type ContextKey, contextKey } from "../context/key.ts";

/**
 * The ids of the instances that one call has tried, in order: whoever repeats a call puts a list under this
 * key, the client adds each pick to it, and picks what is not in it while there is any.
 */
export const triedInstances: ContextKey<string[]> = contextKey("tried instances");

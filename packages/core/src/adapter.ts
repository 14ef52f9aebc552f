/** What adapters are made of, whichever ports they serve: `@allium/core/adapter`. */

export type { AdapterOptions, OpenPort } from "./adapter/adapter-options.ts";
export { type Share, SharedResource } from "./adapter/shared-resource.ts";

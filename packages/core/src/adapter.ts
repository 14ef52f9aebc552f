/** The building blocks of adapters, for every port: `@allium/core/adapter`. */

export type { AdapterOptions, OpenPort } from "./adapter/adapter-options.ts";
export { invalidUrl, refusal, unavailable } from "./adapter/backend-errors.ts";
export { type Share, SharedResource } from "./adapter/shared-resource.ts";
export { tlsFault } from "./adapter/tls-fault.ts";
export { readParameters } from "./adapter/url-parameters.ts";
export { forgetOldest } from "./collections/forget-oldest.ts";
export { backendError } from "./errors/backend-error.ts";

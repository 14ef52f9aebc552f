export { type Gateway, gateway } from "./gateway.ts";
export type { GatewayOptions } from "./gateway-options.ts";
export type { MethodListing, ServiceListing } from "./page/listing.ts";

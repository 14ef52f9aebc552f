import { type Channel, channel } from "node:diagnostics_channel";

/** Says that an app is up and registered: `{ name, addresses }`. For tools that run the process. */
export const appReady: Channel = channel("allium:app:ready");

/** Says that an app cannot start: `{ name, error }`. */
export const appFailed: Channel = channel("allium:app:failed");

// The exports for pages: everything that does not need Node, and a client with the browser's transports.

export { type ClientOptions, createClient } from "./create-browser-client.ts";
export * from "./portable.ts";

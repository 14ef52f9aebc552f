// What a page gets of this package: whatever needs nothing of Node, and a client that knows its way.

export { type ClientOptions, createClient } from "./create-browser-client.ts";
export * from "./portable.ts";

// What a browser gets of this package: the kernel, which needs nothing of Node, and a client that knows its way.
export * from "@allium/core";
export { type ClientOptions, createClient } from "./create-browser-client.ts";

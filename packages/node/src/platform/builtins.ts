// Modules of Node that cost milliseconds before they do anything: a process starts sooner that does not `import`
// them. What it may never need is a function, and loaded when that is first called.

/**
 * `node:http`. An `import` evaluates all that it exports, undici for its `WebSocket` among it: that takes six times
 * the processor time of the rest.
 */
export const http: typeof import("node:http") = process.getBuiltinModule("node:http");

/** `node:http2`, which brings `node:tls` along. */
export function http2(): typeof import("node:http2") {
	return process.getBuiltinModule("node:http2");
}

/** `node:tls`, which brings the cryptography of Node along. */
export function tls(): typeof import("node:tls") {
	return process.getBuiltinModule("node:tls");
}

/** `node:zlib`, for bodies that come compressed. */
export function zlib(): typeof import("node:zlib") {
	return process.getBuiltinModule("node:zlib");
}

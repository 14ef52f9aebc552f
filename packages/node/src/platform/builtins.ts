// Modules of Node that take milliseconds to load. A process starts sooner when it does not `import` them. So each of
// them is a function here, which loads the module at its first call.

/**
 * `node:http`. An `import` evaluates all of its exports, among them undici for `WebSocket`: that takes six times the
 * processor time of the rest.
 */
export const http: typeof import("node:http") = process.getBuiltinModule("node:http");

/** `node:crypto`. */
export function crypto(): typeof import("node:crypto") {
	return process.getBuiltinModule("node:crypto");
}

/** `node:http2`, which loads `node:tls` as well. */
export function http2(): typeof import("node:http2") {
	return process.getBuiltinModule("node:http2");
}

/** `node:tls`, which loads Node's cryptography as well. */
export function tls(): typeof import("node:tls") {
	return process.getBuiltinModule("node:tls");
}

/** `node:zlib`, for compressed bodies. */
export function zlib(): typeof import("node:zlib") {
	return process.getBuiltinModule("node:zlib");
}

import type { OutgoingHttpHeaders } from "node:http";
import type { ReadonlyMetadata } from "@allium/core";
import { headerValue, isProtocolHeader, trailerPrefix } from "@allium/core/transport";

/** Adds metadata to the headers of an answer. */
export function writeMetadata(headers: OutgoingHttpHeaders, metadata: ReadonlyMetadata, prefix = ""): void {
	for (const [name, value] of metadata) {
		if (isProtocolHeader(name)) continue;
		const key = prefix + name;
		const before = headers[key];
		const text = headerValue(value);
		if (before === undefined) headers[key] = text;
		else headers[key] = Array.isArray(before) ? [...before, text] : [String(before), text];
	}
}

/** Adds trailers to the headers of a unary answer. */
export function writeTrailers(headers: OutgoingHttpHeaders, trailers: ReadonlyMetadata): void {
	writeMetadata(headers, trailers, trailerPrefix);
}

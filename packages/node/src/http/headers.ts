import type { OutgoingHttpHeaders } from "node:http";
import type { ReadonlyMetadata } from "@allium/core";
import { headerValue, isProtocolHeader, isSingleHeader, repeatedHeader } from "@allium/core/http";

/**
 * Adds metadata to the headers of an answer. Returns the name of a header with too many values: HTTP allows it only
 * once, so only its first value goes out.
 */
export function writeMetadata(
	headers: OutgoingHttpHeaders,
	metadata: ReadonlyMetadata,
	prefix = "",
): string | undefined {
	let excess: string | undefined;
	for (const [name, value] of metadata) {
		if (isProtocolHeader(name)) continue;
		const key = prefix + name;
		const before = headers[key];
		const text = headerValue(value);
		if (before === undefined) headers[key] = text;
		else {
			headers[key] = repeatedHeader(key, [...(Array.isArray(before) ? before : [String(before)]), text]);
			if (isSingleHeader(key)) excess = key;
		}
	}
	return excess;
}

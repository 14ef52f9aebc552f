import { Metadata, type ReadonlyMetadata } from "@allium/core";
import { appendHeader, headerNameOf, headerValue } from "@allium/core/http";

/** The headers of a message of AMQP: a table of values. */
export type MessageHeaders = Record<string, unknown>;

/** An empty table, in which every name is as good as any other. */
export function newHeaders(): MessageHeaders {
	return Object.create(null);
}

/** Adds metadata to headers: one text for each value, and a list of texts where a name has several. */
export function addMetadata(headers: MessageHeaders, metadata: ReadonlyMetadata, prefix = ""): void {
	for (const [name, value] of metadata) {
		const key = prefix + name;
		const text = headerValue(value);
		const before = headers[key];
		if (before === undefined) headers[key] = text;
		else if (Array.isArray(before)) before.push(text);
		else headers[key] = [before, text];
	}
}

/**
 * The metadata among headers: the texts under the names that are wanted. Anything else is left out.
 *
 * @throws ServiceError `invalid_argument` for more metadata than there may be.
 */
export function readMetadata(headers: Readonly<MessageHeaders> | undefined, wanted: NameFilter): Metadata {
	const metadata = new Metadata();
	for (const key in headers) {
		const wantedName = wanted(key);
		if (wantedName === undefined) continue;
		const name = headerNameOf(wantedName);
		const value = headers[key];
		if (typeof value === "string") appendHeader(metadata, name, value);
		else if (Array.isArray(value)) {
			for (const each of value) if (typeof each === "string") appendHeader(metadata, name, each);
		}
	}
	return metadata;
}

/** The name of metadata that a header holds; undefined where it holds none. */
export type NameFilter = (header: string) => string | undefined;

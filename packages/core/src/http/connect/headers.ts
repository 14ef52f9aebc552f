import { Metadata, namePattern } from "../../context/metadata.ts";
import { fromBase64, toBase64 } from "../../encoding/base64.ts";
import type { MetadataValue, ReadonlyMetadata } from "../../errors/readonly-metadata.ts";

/** The headers of HTTP itself. Like those of Connect and gRPC, they are never metadata, in neither direction. */
const protocolHeaders = new Set([
	"accept",
	"accept-encoding",
	"connection",
	"content-encoding",
	"content-length",
	"content-type",
	"date",
	"expect",
	"host",
	"http2-settings",
	"keep-alive",
	"proxy-connection",
	"te",
	"trailer",
	"transfer-encoding",
	"upgrade",
]);

/** The prefix of a trailer's name where the trailer is sent as a header, as in unary replies. */
export const trailerPrefix = "trailer-";

/** Whether a header, its name in lower case, belongs to the protocol and not to the application. */
export function isProtocolHeader(name: string): boolean {
	if (protocolHeaders.has(name) || name.startsWith(":")) return true;
	return name.startsWith("connect-") || name.startsWith("grpc-");
}

/** The name of a header that was received. */
export interface HeaderName {
	/** In lower case. */
	readonly name: string;
	/** Whether it belongs to the protocol and not to the application. */
	readonly isProtocol: boolean;
	/** The kind of its value as metadata. Undefined for a name that metadata cannot have. */
	readonly carries: "text" | "bytes" | undefined;
}

/** Names that were received. All clients together send few, if none of them makes names up. */
const knownNames = new Map<string, HeaderName>();
const mostKnownNames = 256;
const longestKnownName = 64;

/** The facts about a header, by its name in upper or lower case. */
export function headerNameOf(raw: string): HeaderName {
	const known = knownNames.get(raw);
	if (known !== undefined) return known;
	const name = raw.toLowerCase();
	const made: HeaderName = { name, isProtocol: isProtocolHeader(name), carries: carriedBy(name) };
	if (raw.length > longestKnownName) return made;
	if (knownNames.size === mostKnownNames) knownNames.clear();
	knownNames.set(raw, made);
	return made;
}

function carriedBy(name: string): HeaderName["carries"] {
	if (!namePattern.test(name)) return undefined;
	return name.endsWith("-bin") ? "bytes" : "text";
}

/**
 * Adds a received header to metadata. A header that metadata cannot carry, such as one with a name or a value beyond
 * ASCII, is left out.
 *
 * @throws ServiceError `invalid_argument` when metadata becomes too large.
 */
export function appendHeader(metadata: Metadata, { name, carries }: HeaderName, value: string): void {
	if (carries === "text") {
		const text = value.trim();
		if (valuePattern.test(text)) metadata["~add"](name, text);
	} else if (carries === "bytes") {
		for (const part of value.split(",")) {
			const bytes = fromBase64(part.trim());
			if (bytes !== undefined) metadata.append(name, bytes);
		}
	}
}

const valuePattern = /^[\x20-\x7e]*$/;

/** The form in which a header carries a value of metadata. */
export function headerValue(value: MetadataValue): string {
	return typeof value === "string" ? value : toBase64(value);
}

/** Metadata in the form of the object that ends a Connect stream. */
export function trailersToJson(...sets: (ReadonlyMetadata | undefined)[]): Record<string, string[]> {
	const entries = new Map<string, string[]>();
	for (const metadata of sets) {
		for (const [name, value] of metadata ?? []) {
			const values = entries.get(name);
			if (values === undefined) entries.set(name, [headerValue(value)]);
			else values.push(headerValue(value));
		}
	}
	return Object.fromEntries(entries);
}

/** Reads the metadata object that ended a Connect stream. Malformed entries are skipped. */
export function trailersFromJson(json: unknown): Metadata {
	const trailers = new Metadata();
	if (typeof json !== "object" || json === null) return trailers;
	for (const [name, values] of Object.entries(json)) {
		if (!Array.isArray(values)) continue;
		for (const value of values) {
			if (typeof value === "string") appendReceived(trailers, name.toLowerCase(), value);
		}
	}
	return trailers;
}

/** Sorts the headers of a unary answer into headers and trailers, or the headers of a stream into headers. */
export function readHeaders(
	headers: Readonly<Record<string, string | string[] | undefined>>,
	unary: boolean,
): { headers: Metadata; trailers: Metadata } {
	const received = { headers: new Metadata(), trailers: new Metadata() };
	for (const [name, values] of Object.entries(headers)) {
		if (values === undefined || isProtocolHeader(name)) continue;
		const isTrailer = unary && name.startsWith(trailerPrefix);
		const target = isTrailer ? received.trailers : received.headers;
		const key = isTrailer ? name.slice(trailerPrefix.length) : name;
		if (typeof values === "string") appendReceived(target, key, values);
		else for (const value of values) appendReceived(target, key, value);
	}
	return received;
}

/**
 * Adds metadata that was received. An answer with more metadata than fits is still an answer, so the rest is left
 * out.
 */
function appendReceived(metadata: Metadata, name: string, value: string): void {
	try {
		appendHeader(metadata, headerNameOf(name), value);
	} catch {
		// The metadata is full.
	}
}

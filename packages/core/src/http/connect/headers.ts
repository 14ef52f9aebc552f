import { Metadata, namePattern } from "../../context/metadata.ts";
import { fromBase64, toBase64 } from "../../encoding/base64.ts";
import type { MetadataValue, ReadonlyMetadata } from "../../errors/readonly-metadata.ts";

/** The headers of HTTP itself. They are never metadata, in neither direction, and nor are those of Connect and gRPC. */
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

/** Before the name of a trailer that goes out as a header, as in unary replies. */
export const trailerPrefix = "trailer-";

/** Whether a header, its name in lower case, belongs to the protocol instead of the application. */
export function isProtocolHeader(name: string): boolean {
	if (protocolHeaders.has(name) || name.startsWith(":")) return true;
	return name.startsWith("connect-") || name.startsWith("grpc-");
}

/**
 * Adds a header that arrived to metadata. What metadata cannot carry, such as a name or a value beyond ASCII,
 * is not metadata.
 *
 * @throws ServiceError `invalid_argument` when metadata gets too large.
 */
export function appendHeader(metadata: Metadata, name: string, value: string): void {
	if (!namePattern.test(name)) return;
	if (!name.endsWith("-bin")) {
		const text = value.trim();
		if (valuePattern.test(text)) metadata["~add"](name, text);
		return;
	}
	for (const part of value.split(",")) {
		const bytes = fromBase64(part.trim());
		if (bytes !== undefined) metadata.append(name, bytes);
	}
}

const valuePattern = /^[\x20-\x7e]*$/;

/** A value of metadata as a header carries it. */
export function headerValue(value: MetadataValue): string {
	return typeof value === "string" ? value : toBase64(value);
}

/** Metadata as the object that ends a stream of Connect. */
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

/** Reads the metadata object that ended a stream of Connect; what is malformed is passed over. */
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

/** Sorts the headers of a unary answer into headers and trailers, or those of a stream into headers. */
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

/** An answer with more metadata than fits is still an answer: the rest is left out. */
function appendReceived(metadata: Metadata, name: string, value: string): void {
	try {
		appendHeader(metadata, name, value);
	} catch {
		// Full.
	}
}

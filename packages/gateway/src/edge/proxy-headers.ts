import type { OutgoingHttpHeaders } from "node:http";
import { type HttpRequest, hostOf } from "@allium/node";
import { isOfProxies, isPrivate } from "../metadata/forwarding.ts";

/** The headers that concern one connection, and not the request. */
const hopByHop = new Set([
	"connection",
	"expect",
	"host",
	"http2-settings",
	"keep-alive",
	"proxy-authenticate",
	"proxy-authorization",
	"proxy-connection",
	"te",
	"trailer",
	"transfer-encoding",
	"upgrade",
]);

/** The headers of a request to a web service, with the address of the client and the host that it called. */
export function proxiedHeaders(request: HttpRequest, url: URL): OutgoingHttpHeaders {
	const { peer } = request;
	const headers: OutgoingHttpHeaders = endToEnd(request.rawHeaders, request.header("connection"));
	const before = headers["x-forwarded-for"];
	for (const name of Object.keys(headers)) {
		// Web services may read a name with underscores as the same name with hyphens.
		const meant = name.replaceAll("_", "-");
		if (isOfProxies(meant) || isPrivate(meant)) delete headers[name];
	}
	// This header alone separates a body of unknown length from the next request, whatever the method.
	if (headers["content-length"] === undefined && request.hasBody) headers["transfer-encoding"] = "chunked";
	const address = hostOf(peer.address) ?? peer.address;
	headers["x-forwarded-for"] = before === undefined ? address : `${[before].flat().join(", ")}, ${address}`;
	headers["x-forwarded-host"] = request.authority ?? "";
	headers["x-forwarded-proto"] = request.isSecure ? "https" : "http";
	headers["x-real-ip"] = address;
	headers.host = url.host;
	return headers;
}

/** The end-to-end headers among those that accompany a header `connection`. */
export function endToEnd(
	rawHeaders: readonly string[],
	connection: string | undefined,
): Record<string, string | string[]> {
	const named = new Set(
		connection
			?.toLowerCase()
			.split(",")
			.map((name) => name.trim()),
	);
	const headers: Record<string, string | string[]> = Object.create(null);
	for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
		const name = (rawHeaders[index] as string).toLowerCase();
		const value = rawHeaders[index + 1] as string;
		if (hopByHop.has(name) || named.has(name) || name.startsWith(":") || isPrivate(name)) continue;
		const before = headers[name];
		headers[name] = before === undefined ? value : [before, value].flat();
	}
	return headers;
}

import type { HttpRequest } from "@allium/node";

/** The path of a request, without its query. */
export function pathOf(request: HttpRequest): string {
	const { url = "" } = request;
	const end = url.indexOf("?");
	return end < 0 ? url : url.slice(0, end);
}

/** What a client called this server: `host`, or HTTP/2's `:authority`, with the port. */
export function authorityOf(request: HttpRequest): string {
	const authority: unknown = request.headers[":authority"] ?? request.headers.host;
	return typeof authority === "string" ? authority : "";
}

import type { HttpRequest } from "./http-request.ts";
import type { HttpResponse } from "./http-response.ts";

/**
 * Sees each HTTP request before any protocol does. It answers the request itself, or calls `next` once, now or later,
 * to have the request served as usual. A request for a WebSocket has an `upgradeSocket`: `next` opens the WebSocket. A
 * layer that takes over the request may use that connection instead.
 *
 * Protocols answer through the response that `next` is given, such as a `ResponseLayer` that adds to every answer.
 * Default: the original response.
 */
export type HttpLayer = (
	request: HttpRequest,
	response: HttpResponse,
	next: (response?: HttpResponse) => void,
) => void;

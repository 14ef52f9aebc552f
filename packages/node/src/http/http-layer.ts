import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import type { PeerInfo } from "@allium/core";

/** A request of either version of HTTP, as Node has it. */
export type HttpRequest = IncomingMessage | Http2ServerRequest;

/** The response to it. */
export type HttpResponse = ServerResponse | Http2ServerResponse;

/**
 * Sees each HTTP request before the server does: answers it, or calls `next` once, then or later, to have it
 * served as usual. `peer` is who sent it. A header that it sets on the response goes out with whatever is answered.
 */
export type HttpLayer = (
	request: HttpRequest,
	response: HttpResponse,
	next: () => void,
	peer: PeerInfo,
) => void;

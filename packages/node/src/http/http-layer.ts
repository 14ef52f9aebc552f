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
 * `upgrades` says that the request asks for a WebSocket, which `next` opens: whoever takes it over instead has
 * `request.socket`, with what came behind the head unread.
 */
export type HttpLayer = (
	request: HttpRequest,
	response: HttpResponse,
	next: () => void,
	peer: PeerInfo,
	upgrades: boolean,
) => void;

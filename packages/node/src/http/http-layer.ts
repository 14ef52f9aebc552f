import type { IncomingMessage } from "node:http";
import type { Http2ServerRequest } from "node:http2";
import type { PeerInfo } from "@allium/core";
import type { Response } from "./response.ts";

/** A request of either version of HTTP, as Node has it. */
export type HttpRequest = IncomingMessage | Http2ServerRequest;

/** The answer to it. */
export type HttpResponse = Response;

/**
 * Sees each HTTP request before the server does: answers it, or calls `next` once, then or later, to have it
 * served as usual. `peer` is who sent it. `upgrades` says that the request asks for a WebSocket, which `next` opens:
 * whoever takes it over instead has `request.socket`, with what came behind the head unread.
 *
 * What is served is answered through the response that `next` is given, such as a `ResponseLayer` that adds to
 * whatever is answered. Default: the response that came.
 */
export type HttpLayer = (
	request: HttpRequest,
	response: HttpResponse,
	next: (response?: HttpResponse) => void,
	peer: PeerInfo,
	upgrades: boolean,
) => void;

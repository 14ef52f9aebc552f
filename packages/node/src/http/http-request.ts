import type { IncomingMessage } from "node:http";
import type { Http2ServerRequest } from "node:http2";
import type { Socket } from "node:net";
import type { PeerInfo } from "@allium/core";
import { isSingleHeader } from "@allium/core/http";

/** Takes the body of a request while it arrives. */
export interface BodyReader {
	data(chunk: Buffer): void;
	/** The body is complete. */
	end(): void;
	/** The client reset the request or is gone: the body is not complete, and nothing more comes. */
	broken(): void;
}

/** What the calls of one connection cost, where a connection carries many at once. */
export interface ConnectionLoad {
	/** Handlers that run. */
	running: number;
	/** Bytes of replies that were handed over and have not left. */
	heldReplyBytes: number;
	/** Whether a further reply has no room. */
	readonly isOverfull: boolean;
}

/**
 * A request of HTTP, whichever reader it came from and whichever version it speaks. Layers and protocols know
 * nothing else of it.
 */
export interface HttpRequest {
	readonly version: 1 | 2;
	readonly method: string;
	/** The path and the query, such as `/add/sum?x=1`. An absolute target is reduced to them; `OPTIONS` may have `*`. */
	readonly target: string;
	/** The target without its query. */
	readonly path: string;
	/** Names and values in turn, as they came. A layer may change them until it passes the request on. */
	readonly rawHeaders: string[];
	/** The host and port by which the client calls this server; undefined when the request names none. */
	readonly authority: string | undefined;
	readonly peer: PeerInfo;
	/** Whether the connection is encrypted. */
	readonly isSecure: boolean;
	/** Whether a body may come. */
	readonly hasBody: boolean;
	/** Whether all of the request has arrived, or nothing more can. */
	readonly isComplete: boolean;
	/** Undefined where connections carry one call at a time. */
	readonly load: ConnectionLoad | undefined;
	/** The connection of a request for a WebSocket, with what follows the head unread; undefined for any other request. */
	readonly upgradeSocket: Socket | undefined;
	/** The object of Node, where Node read the request: for what needs one, such as a handler made for `node:http`. */
	readonly original?: IncomingMessage | Http2ServerRequest | undefined;
	/** The value of a header, its name in lower case; several values are joined as HTTP has it. */
	header(name: string): string | undefined;
	/** Takes the whole body, when all of it has arrived; undefined when it has not, or nobody can tell. */
	takeBody(): Buffer | undefined;
	/**
	 * Reads the body piece by piece. A request takes one reader.
	 *
	 * @param isEndExact whether an end must be told from a reset that follows it, which takes a round trip in HTTP/2.
	 */
	readBody(reader: BodyReader, isEndExact?: boolean): void;
	/** Stops the body for a while. */
	pause(): void;
	resume(): void;
	/** Reads what still comes, and drops it. */
	discard(): void;
}

/** The value of a header, its name in lower case: several values in one, or the first where only one may stand. */
export function headerOf(rawHeaders: readonly string[], name: string): string | undefined {
	let found: string | undefined;
	for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
		const candidate = rawHeaders[index] as string;
		// The length alone tells most names apart.
		if (candidate.length !== name.length || candidate.toLowerCase() !== name) continue;
		const value = rawHeaders[index + 1] as string;
		if (found === undefined) found = value;
		else if (!isSingleHeader(name)) found += `${name === "cookie" ? "; " : ", "}${value}`;
	}
	return found;
}

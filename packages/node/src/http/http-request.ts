import type { IncomingMessage } from "node:http";
import type { Http2ServerRequest } from "node:http2";
import type { Socket } from "node:net";
import type { PeerInfo } from "@allium/core";
import { isSingleHeader } from "@allium/core/http";
import type { KnownHead } from "./known-head.ts";

/** Receives the body of a request while it arrives. */
export interface BodyReader {
	data(chunk: Buffer): void;
	/** The body is complete. */
	end(): void;
	/** The client reset the request or is gone. The body is incomplete, and nothing more comes. */
	broken(): void;
}

/** The load of one connection that carries many calls at once. */
export interface ConnectionLoad {
	/** The number of running handlers. */
	running: number;
	/** Bytes of replies that were handed over and have not left. */
	heldReplyBytes: number;
	/** Whether there is no room for a further reply. */
	readonly isOverfull: boolean;
}

/**
 * A request of HTTP, independent of its reader and its version. Layers and protocols see nothing else of it.
 */
export interface HttpRequest {
	readonly version: 1 | 2;
	readonly method: string;
	/**
	 * The path and the query, such as `/add/sum?x=1`. An absolute target is reduced to them. `OPTIONS` may have `*`.
	 */
	readonly target: string;
	/** The target without its query. */
	readonly path: string;
	/** Names and values in turn, as they arrived. A layer may change them until it passes the request on. */
	readonly rawHeaders: string[];
	/**
	 * The head, which its reader may meet again. Undefined where the reader keeps no heads, and once `rawHeaders` was
	 * read, because a layer may change them.
	 */
	readonly known?: KnownHead | undefined;
	/** The host and port by which the client calls this server; undefined when the request names none. */
	readonly authority: string | undefined;
	readonly peer: PeerInfo;
	/** Whether the connection is encrypted. */
	readonly isSecure: boolean;
	/** Whether a body may come. */
	readonly hasBody: boolean;
	/** Whether the whole request has arrived, or nothing more can arrive. */
	readonly isComplete: boolean;
	/** Undefined where a connection carries one call at a time. */
	readonly load: ConnectionLoad | undefined;
	/**
	 * The connection of a request for a WebSocket, with the bytes behind the head unread; undefined for any other
	 * request.
	 */
	readonly upgradeSocket: Socket | undefined;
	/**
	 * Node's own object, where Node read the request. Handlers made for `node:http` need it; with the option
	 * `httpReader: "node"`, every request over HTTP/1.1 has one.
	 */
	readonly original?: IncomingMessage | Http2ServerRequest | undefined;
	/** The value of a header. The name is in lower case. Several values are joined as HTTP defines it. */
	header(name: string): string | undefined;
	/** Takes the whole body when it has arrived; undefined when it has not, or when that is not known. */
	takeBody(): Buffer | undefined;
	/**
	 * Reads the body piece by piece. A request accepts one reader.
	 *
	 * @param isEndExact whether an end must be told from a reset that follows it, which takes a round trip in
	 * HTTP/2.
	 */
	readBody(reader: BodyReader, isEndExact?: boolean): void;
	/** Pauses the body. */
	pause(): void;
	resume(): void;
	/** Reads the rest of the body, and drops it. */
	discard(): void;
}

/** Whether a request only asks for something and changes nothing. HEAD is answered as GET is, without the body. */
export function isGet({ method }: HttpRequest): boolean {
	return method === "GET" || method === "HEAD";
}

/** The path as that of a method, `service/method`: without its first slash. */
export function callPathOf({ path, known }: HttpRequest): string {
	if (known === undefined) return path.slice(1);
	// A string that is kept has its hash, by which the method is found.
	known.callPath ??= path.slice(1);
	return known.callPath;
}

/** The value of a header by its lower-case name: all values joined, or the first one where only one is allowed. */
export function headerOf(rawHeaders: readonly string[], name: string): string | undefined {
	let found: string | undefined;
	for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
		const candidate = rawHeaders[index] as string;
		// The length alone rules out most names.
		if (candidate.length !== name.length || candidate.toLowerCase() !== name) continue;
		const value = rawHeaders[index + 1] as string;
		if (found === undefined) found = value;
		else if (!isSingleHeader(name)) found += `${name === "cookie" ? "; " : ", "}${value}`;
	}
	return found;
}

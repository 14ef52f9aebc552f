import type { Socket } from "node:net";
import type { PeerInfo, ServiceError } from "@allium/core";

/**
 * A protocol of connections to the port, once TLS and the PROXY header are off: frames, HTTP/2, HTTP/1.1. A further
 * protocol is one more value in the server's list.
 */
export interface ConnectionProtocol {
	/** The name for logs. */
	readonly name: string;
	/** The name by which TLS negotiates the protocol; undefined when it is not offered there. */
	readonly alpn: string | undefined;
	/** The schemes of its addresses; undefined when it has none of its own. */
	readonly schemes: { readonly plain: string; readonly secure: string } | undefined;
	/**
	 * Tells a client why no call of its is taken, and ends the connection, whose bytes are unread. The connection is cut
	 * a second later in any case.
	 */
	refuse(socket: Socket, error: ServiceError): void;
	/** Whether the first bytes of a connection are its own; undefined when it needs more of them, four at most. */
	begins(bytes: Uint8Array): boolean | undefined;
	/** Takes over a connection. Its bytes are unread. */
	accept(socket: Socket, peer: PeerInfo): void;
	/**
	 * Takes no new calls, and tells clients so. Resolves when no call is in flight. It may be called again, for
	 * connections that arrived since.
	 */
	drain(): Promise<void>;
	/** Ends the connections that wait for a request, where the protocol cannot tell clients to leave. */
	closeIdle?(): void;
	/** Ends everything but the sockets, which the server destroys. It may be called again. */
	close(): Promise<void> | void;
}

/**
 * The protocol of a connection's first bytes; undefined when it takes more bytes to know.
 *
 * @param protocols the candidates in order. The last one takes everything that is left.
 */
export function protocolOf(
	protocols: readonly ConnectionProtocol[],
	bytes: Uint8Array,
): ConnectionProtocol | undefined {
	if (bytes.length === 0) return undefined;
	for (const protocol of protocols) {
		const isIt = protocol.begins(bytes);
		if (isIt === undefined) return undefined;
		if (isIt) return protocol;
	}
	return undefined;
}

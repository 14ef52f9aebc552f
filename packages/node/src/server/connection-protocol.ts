import type { Socket } from "node:net";
import type { PeerInfo } from "@allium/core";

/**
 * What connections to the port may speak, once nothing is wrapped around them any more: frames, HTTP/2, HTTP/1.1. A
 * further one is a further value in the list of the server.
 */
export interface ConnectionProtocol {
	/** For logs. */
	readonly name: string;
	/** Its name where TLS agrees on what is spoken inside; undefined when it is not offered there. */
	readonly alpn: string | undefined;
	/** The schemes of its addresses; undefined when it has none of its own. */
	readonly schemes: { readonly plain: string; readonly secure: string } | undefined;
	/** What a client is told that speaks it plainly to a port that takes TLS only. Default: nothing. */
	readonly tlsNeeded?: string;
	/** Whether the first bytes of a connection are its own; undefined when it takes more of them to know, four at most. */
	begins(bytes: Uint8Array): boolean | undefined;
	/** Takes over a connection, its bytes unread. */
	accept(socket: Socket, peer: PeerInfo): void;
	/** Takes no new calls, and says so; resolves when none is in flight. It may be called again for connections that came since. */
	drain(): Promise<void>;
	/** Ends the connections that wait for a request, where nothing else tells their clients to leave. */
	closeIdle?(): void;
	/** Ends everything but the sockets, which are the server's to destroy. It may be called again. */
	close(): Promise<void> | void;
}

/**
 * The protocol that the first bytes of a connection are of; undefined when it takes more bytes to know.
 *
 * @param protocols asked in this order. The last takes whatever is left.
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

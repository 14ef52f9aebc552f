import type { Socket } from "node:net";
import type { EndpointTable, PeerInfo } from "@allium/core";
import { checkFramesOptions, ServerConnection, type ServerConnectionOptions } from "@allium/core/frames";
import { SocketPipe } from "./socket-pipe.ts";

/**
 * Serves frames on a socket of the one port.
 *
 * @throws RangeError for a duration or the number of a format that is not possible.
 */
export function acceptFrames(options: ServerConnectionOptions = {}) {
	checkFramesOptions(options);
	return (socket: Socket, endpoints: EndpointTable, peer?: PeerInfo): ServerConnection =>
		new ServerConnection(new SocketPipe(socket, peer), endpoints, options);
}

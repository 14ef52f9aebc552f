import type { Socket } from "node:net";
import type { EndpointTable, PeerInfo } from "@allium/core";
import { checkFrameLimits, type FrameLimits, ServerConnection } from "@allium/core/frames";
import { SocketPipe } from "./socket-pipe.ts";

/**
 * Serves frames on a socket of the one port.
 *
 * @throws RangeError for a duration that cannot be.
 */
export function acceptFrames(limits: Partial<FrameLimits> = {}) {
	checkFrameLimits(limits);
	return (socket: Socket, endpoints: EndpointTable, peer?: PeerInfo): ServerConnection =>
		new ServerConnection(new SocketPipe(socket, peer), endpoints, { limits });
}

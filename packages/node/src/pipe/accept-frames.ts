import type { Socket } from "node:net";
import { type EndpointTable, type FrameLimits, type PeerInfo, ServerConnection } from "@allium/core";
import { SocketPipe } from "./socket-pipe.ts";

/** Serves frames on a socket of the one port. */
export function acceptFrames(limits?: Partial<FrameLimits>) {
	return (socket: Socket, endpoints: EndpointTable, peer?: PeerInfo): ServerConnection =>
		new ServerConnection(new SocketPipe(socket, peer), endpoints, { limits });
}

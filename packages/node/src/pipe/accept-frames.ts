import type { Socket } from "node:net";
import { type EndpointTable, type FrameLimits, ServerConnection } from "@allium/core";
import { SocketPipe } from "./socket-pipe.ts";

/** Serves frames on a socket of the one port. */
export function acceptFrames(limits?: Partial<FrameLimits>) {
	return (socket: Socket, endpoints: EndpointTable): ServerConnection =>
		new ServerConnection(new SocketPipe(socket), endpoints, { limits });
}

import type { Socket } from "node:net";
import type { EndpointTable, PeerInfo, ServiceError } from "@allium/core";
import { refusalBytes } from "@allium/core/frames";
import type { SparingLog } from "@allium/core/transport";
import type { ConnectionProtocol } from "./connection-protocol.ts";

/** The server's side of one connection that speaks frames. */
export interface FramesSession {
	/** Takes no new calls, and tells the other side. Resolves when no call is in flight. */
	drain(): Promise<void>;
	/** Ends the connection at once. */
	close(): void;
}

/** Takes over a connection that speaks frames. Its bytes are unread. */
export type AcceptFrames = (socket: Socket, endpoints: EndpointTable, peer: PeerInfo) => FramesSession;

const firstByte = 0xa1;

/** Frames on the port. If frames are not switched on, connections that speak them are cut. */
export class FramesProtocol implements ConnectionProtocol {
	readonly name = "frames";
	readonly alpn: string | undefined;
	readonly schemes: ConnectionProtocol["schemes"];
	readonly #accept: AcceptFrames | undefined;
	readonly #endpoints: EndpointTable;
	readonly #log: SparingLog;
	readonly #sessions = new Set<FramesSession>();
	#draining = false;

	constructor(accept: AcceptFrames | undefined, endpoints: EndpointTable, log: SparingLog) {
		this.alpn = accept && "allium/1";
		this.schemes = accept && { plain: "allium", secure: "allium+tls" };
		this.#accept = accept;
		this.#endpoints = endpoints;
		this.#log = log;
	}

	begins(bytes: Uint8Array): boolean {
		return bytes[0] === firstByte;
	}

	accept(socket: Socket, peer: PeerInfo): void {
		if (this.#accept === undefined) {
			const message = "a client spoke frames, which are not switched on here";
			this.#log.warn(message, { peer: peer.address });
			socket.destroy();
			return;
		}
		const session = this.#accept(socket, this.#endpoints, peer);
		this.#sessions.add(session);
		socket.on("close", () => this.#sessions.delete(session));
		if (this.#draining) void session.drain();
	}

	refuse(socket: Socket, { message }: ServiceError): void {
		socket.resume();
		socket.end(refusalBytes(message));
	}

	async drain(): Promise<void> {
		this.#draining = true;
		await Promise.all([...this.#sessions].map((session) => session.drain()));
	}

	close(): void {
		for (const session of this.#sessions) session.close();
	}
}

import type { Socket } from "node:net";
import type { PeerInfo } from "@allium/core";
import type { ByteHandling, Pipe, PipeHandler } from "@allium/core/transport";
import { peerOf } from "../platform/peer-address.ts";
import { bufferBytes } from "./buffer-bytes.ts";

/** How long the last bytes may take after `end`, in milliseconds, before the socket is cut. */
const endTimeoutMs = 5_000;

/** Frames over a socket of Node: TCP, TLS, a Unix socket. */
export class SocketPipe implements Pipe {
	readonly peer: PeerInfo;
	readonly bytes: ByteHandling = bufferBytes;
	readonly #socket: Socket;
	#closed = false;

	/** @param peer the other side, where more is known of it than the socket's address. */
	constructor(socket: Socket, peer?: PeerInfo) {
		this.#socket = socket;
		this.peer = peer ?? { address: peerOf(socket) };
		socket.setNoDelay(true);
	}

	start(handler: PipeHandler): void {
		const socket = this.#socket;
		let failure: Error | undefined;
		socket.on("data", (bytes: Buffer) => handler.data(bytes));
		socket.on("drain", () => handler.drain());
		socket.on("error", (error) => {
			failure = error;
		});
		socket.once("close", () => {
			this.#closed = true;
			handler.closed(failure);
		});
		// A socket that broke before these listeners were added told them nothing.
		if (socket.destroyed) queueMicrotask(() => socket.emit("close"));
		socket.resume();
	}

	write(bytes: Uint8Array): boolean {
		return this.#closed || this.#socket.write(bytes);
	}

	/**
	 * A single call's bytes go out as soon as the code that makes it has run, so that calls which it makes together go
	 * out together. With several calls, the bytes of one turn of the event loop go out together.
	 */
	schedule(flush: () => void, idle: boolean): void {
		if (idle) process.nextTick(flush);
		else setImmediate(flush);
	}

	end(): void {
		this.#socket.setTimeout(endTimeoutMs, () => this.#socket.destroy());
		this.#socket.destroySoon();
	}

	destroy(): void {
		this.#socket.destroy();
	}
}

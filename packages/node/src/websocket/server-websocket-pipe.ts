import type { PeerInfo } from "@allium/core";
import type { ByteHandling, Pipe, PipeHandler } from "@allium/core/transport";
import type { RawData, WebSocket } from "ws";
import { bufferBytes } from "../pipe/buffer-bytes.ts";

/** How many bytes may wait to be sent before `write` returns false. It takes more when half of them are left. */
const highWaterBytes = 256 * 1024;

/** The most that goes into one message, in bytes. */
const messageBytes = 64 * 1024;

/** Frames over a WebSocket that a server accepted: a stream of bytes, cut into messages at any place. */
export class ServerWebSocketPipe implements Pipe {
	readonly peer: PeerInfo;
	readonly bytes: ByteHandling = bufferBytes;
	/** The close code of an orderly end: 1001 says that the server goes away. */
	closeCode = 1000;
	readonly #socket: WebSocket;
	#full = false;
	/**
	 * A message could not be sent. The library reports the end in a later turn of the event loop. If the producer
	 * could write on without waiting, that turn would never come.
	 */
	#broken = false;

	constructor(socket: WebSocket, peer: PeerInfo) {
		this.#socket = socket;
		this.peer = peer;
	}

	start(handler: PipeHandler): void {
		const socket = this.#socket;
		let failure: Error | undefined;
		socket.on("message", (data: RawData, isBinary: boolean) => {
			if (isBinary && Buffer.isBuffer(data)) handler.data(data);
			else socket.close(1003, "frames are binary");
		});
		// Pings are answered here, so that a client that pings and does not read cannot fill the memory.
		socket.on("ping", (data: Buffer) => {
			if (socket.bufferedAmount < highWaterBytes) socket.pong(data);
		});
		socket.on("error", (error) => {
			failure = error;
		});
		socket.once("close", () => handler.closed(failure));
		this.#drained = (error) => {
			this.#broken ||= error !== undefined && error !== null;
			if (this.#broken || !this.#full || socket.bufferedAmount > highWaterBytes / 2) return;
			this.#full = false;
			handler.drain();
		};
	}

	write(bytes: Uint8Array): boolean {
		const socket = this.#socket;
		if (this.#broken || socket.readyState !== socket.OPEN) return false;
		for (let offset = 0; offset < bytes.length; offset += messageBytes) {
			socket.send(bytes.subarray(offset, offset + messageBytes), this.#drained);
		}
		this.#full ||= socket.bufferedAmount >= highWaterBytes;
		return !this.#full;
	}

	/**
	 * A single call's bytes go out at once. With several calls, the bytes of one turn of the event loop go out
	 * together.
	 */
	schedule(flush: () => void, idle: boolean): void {
		if (idle) flush();
		else setImmediate(flush);
	}

	end(): void {
		this.#socket.close(this.closeCode);
	}

	destroy(): void {
		this.#socket.terminate();
	}

	#drained: (error?: Error | null) => void = () => {};
}

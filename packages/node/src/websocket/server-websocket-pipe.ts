import type { PeerInfo } from "@allium/core";
import type { ByteHandling, Pipe, PipeHandler } from "@allium/core/transport";
import type { RawData, WebSocket } from "ws";
import { bufferBytes } from "../pipe/buffer-bytes.ts";

/** How much may wait to be sent before `write` returns false, in bytes; half of it is when it takes more. */
const highWaterBytes = 256 * 1024;

/** The most that goes into one message, in bytes. */
const messageBytes = 64 * 1024;

/** Frames over a WebSocket that a server accepted: a stream of bytes, cut into messages anywhere. */
export class ServerWebSocketPipe implements Pipe {
	readonly peer: PeerInfo;
	readonly bytes: ByteHandling = bufferBytes;
	/** The code that it ends with in order: 1001 says that the server goes away. */
	closeCode = 1000;
	readonly #socket: WebSocket;
	#full = false;
	/**
	 * A message could not be sent. The end is told in a later turn of the loop, which would never come if a producer
	 * that does not wait could write on until then.
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
		// Answered here, so that whoever pings and does not read cannot fill our memory.
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

	/** One call at a time goes out at once; with several, what they write in a turn of the loop goes out as one. */
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

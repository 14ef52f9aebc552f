import type { PeerInfo } from "../context/context.ts";
import { after, type Timer } from "../time/timer.ts";
import type { Pipe, PipeHandler } from "../transport/pipe.ts";

/** The subprotocol of frames over a WebSocket. */
export const webSocketProtocol = "allium.v1";

/** The path at which the port accepts frames over WebSockets. */
export const webSocketPath = "/-/ws";

/** The most that goes into one message of a WebSocket, in bytes; servers take four times as much. */
const messageBytes = 64 * 1024;

/** How much the platform may hold before `write` returns false, in bytes; half of it is when it takes more. */
const highWaterBytes = 256 * 1024;

/** The first and the longest pause between looks at how much the platform still holds, in milliseconds. */
const firstLookMs = 1;
const longestLookMs = 100;

/**
 * Frames over the platform's WebSocket, in browsers and elsewhere: a stream of bytes, cut into messages
 * anywhere. The platform does not tell when its buffer has room again, so while it is full the pipe looks: in
 * growing pauses, and whenever something arrives.
 */
export class WebSocketPipe implements Pipe {
	readonly peer: PeerInfo;
	readonly #socket: WebSocket;
	#handler: PipeHandler | undefined;
	/** The bytes that arrived before the first handler was set. */
	#early: Uint8Array[] = [];
	#closed = false;
	#failure: Error | undefined;
	/** The next look, while the buffer is full. */
	#look: Timer | undefined;
	#full = false;

	/** @param socket open, for binary messages. */
	constructor(socket: WebSocket) {
		this.#socket = socket;
		this.peer = { address: socket.url };
		socket.addEventListener("message", this.#onMessage);
		socket.addEventListener("close", this.#onClose);
	}

	start(handler: PipeHandler): void {
		// Nothing arrives before the owner has finished its first steps.
		queueMicrotask(() => {
			this.#handler = handler;
			const closedBefore = this.#closed;
			const early = this.#early;
			this.#early = [];
			for (const bytes of early) handler.data(bytes);
			if (closedBefore) handler.closed(this.#failure);
		});
	}

	write(bytes: Uint8Array): boolean {
		const socket = this.#socket;
		if (this.#closed) return true;
		// While it closes it takes nothing: its end is told in a turn that a producer without waits would hold up.
		if (socket.readyState !== socket.OPEN) return false;
		for (let offset = 0; offset < bytes.length; offset += messageBytes) {
			socket.send(piece(bytes, offset, Math.min(bytes.length, offset + messageBytes)));
		}
		if (socket.bufferedAmount < highWaterBytes) return true;
		if (!this.#full) {
			this.#full = true;
			this.#lookIn(firstLookMs);
		}
		return false;
	}

	/** The bytes of a lone call go out at once. The bytes that several calls write in one turn go out together. */
	schedule(flush: () => void, idle: boolean): void {
		if (idle) flush();
		else queueMicrotask(flush);
	}

	end(): void {
		this.#socket.close(1000);
	}

	/** The platform cannot cut a WebSocket: it says goodbye on its own, and nothing listens any more. */
	destroy(): void {
		if (this.#closed) return;
		this.#socket.close(1000);
		queueMicrotask(() => this.#end());
	}

	readonly #onMessage = ({ data }: { data: unknown }): void => {
		if (this.#closed) return;
		if (data instanceof ArrayBuffer) this.#deliver(new Uint8Array(data));
		else {
			this.#socket.close(1003, "frames are binary");
			this.#end(new Error("the other side sent text over the WebSocket"));
		}
		this.#lookNow();
	};

	readonly #onClose = ({ code, reason }: { code: number; reason: string }): void => {
		const orderly = code === 1000 || code === 1001;
		const why = reason === "" ? `the WebSocket ended with code ${code}` : reason;
		this.#end(orderly ? undefined : new Error(why));
	};

	#deliver(bytes: Uint8Array): void {
		if (this.#handler === undefined) this.#early.push(bytes);
		else this.#handler.data(bytes);
	}

	#lookIn(pauseMs: number): void {
		this.#look = after(pauseMs, () => {
			this.#lookNow();
			if (this.#full) this.#lookIn(Math.min(longestLookMs, pauseMs * 2));
		});
	}

	#lookNow(): void {
		if (!this.#full || this.#closed || this.#socket.bufferedAmount > highWaterBytes / 2) return;
		this.#full = false;
		this.#look?.stop();
		this.#handler?.drain();
	}

	#end(error?: Error): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#failure = error;
		this.#full = false;
		this.#look?.stop();
		this.#socket.removeEventListener("message", this.#onMessage);
		this.#socket.removeEventListener("close", this.#onClose);
		this.#handler?.closed(error);
	}
}

/** A part of bytes as the platform sends them, which takes none of shared memory. */
function piece(bytes: Uint8Array, start: number, end: number): Uint8Array<ArrayBuffer> {
	const { buffer, byteOffset } = bytes;
	if (!(buffer instanceof ArrayBuffer)) return bytes.slice(start, end);
	return new Uint8Array(buffer, byteOffset + start, end - start);
}

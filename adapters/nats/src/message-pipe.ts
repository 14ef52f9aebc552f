import type { PeerInfo } from "@allium/core";
import { after, type Pipe, type PipeHandler, type Timer } from "@allium/core/transport";
import { distance, sum } from "./byte-count.ts";
import {
	noPayload,
	type PipeMessage,
	PipeMessageType,
	pipeMessageHeadBytes,
	readPipeMessage,
	writePipeMessage,
} from "./pipe-message.ts";

/** Carries the messages of one end of a pipe to the other end: each of them at most once. */
export interface MessageCarrier {
	/** The size of the largest message, in bytes. */
	readonly maxMessageBytes: number;
	/** @throws Error when nothing can be sent any more. */
	send(message: Uint8Array): void;
	/** The pipe is gone: it sends nothing more, and takes nothing more. */
	leave(): void;
}

/** The most that may be on its way in one direction without having been acknowledged, in bytes. */
export const pipeWindowBytes: number = 256 * 1024;

/** Bytes are acknowledged when so many have arrived, unless a message that is sent anyway says so before. */
const acknowledgeBytes = pipeWindowBytes / 4;

/** A piece is not cut smaller than this only because the window has little room left, in bytes. */
const smallestCutBytes = 16 * 1024;

/** How long the last bytes may wait for room after `end`, in milliseconds, before the pipe is reset. */
const endTimeoutMs = 5_000;

/** The seconds without calls after which the other end is probed. Later, the frames' own PING finds out. */
const probeSeconds: ReadonlySet<number> = new Set([1, 2, 4, 8]);

/** A message with no more than this is no sign of calls, in bytes: so large is a PING of frames. */
const pingBytes = 18;

/**
 * A pipe over messages that may get lost. Each message says how many bytes were sent before it, so that a lost, doubled
 * or late one is noticed: it resets the pipe, as a broken connection would. Both ends bound the bytes on their way: a
 * receiver acknowledges what it has passed on, and a sender waits while too much is not acknowledged.
 */
export class MessagePipe implements Pipe {
	readonly peer: PeerInfo;
	readonly #carrier: MessageCarrier;
	/** The largest part of the stream that a message takes, in bytes. */
	readonly #pieceBytes: number;
	#handler: PipeHandler | undefined;
	/** The bytes that arrived before the first handler was set. */
	#early: Uint8Array[] = [];
	/** The bytes that wait for room in the window. */
	#waiting: Uint8Array[] = [];
	/** Counts of bytes in the outgoing stream: the bytes sent, and the bytes that the other end has received. */
	#sent = 0;
	#acknowledged = 0;
	/** Counts of bytes in the incoming stream: the bytes received, and the bytes of which the other end knows that. */
	#received = 0;
	#reported = 0;
	/** Whether the owner waits for `drain`. */
	#full = false;
	#ending: Timer | undefined;
	#closed = false;
	#failure: Error | undefined;
	/** Seconds since a message of a call was sent or arrived. */
	#idleSeconds = 0;

	constructor(peer: PeerInfo, carrier: MessageCarrier) {
		this.peer = peer;
		this.#carrier = carrier;
		this.#pieceBytes = Math.max(1, carrier.maxMessageBytes - pipeMessageHeadBytes);
	}

	start(handler: PipeHandler): void {
		// Nothing arrives before the owner has finished its first steps.
		queueMicrotask(() => {
			const wasClosed = this.#closed;
			this.#handler = handler;
			const early = this.#early;
			this.#early = [];
			for (const bytes of early) if (wasClosed || !this.#closed) handler.data(bytes);
			if (wasClosed) handler.closed(this.#failure);
			else this.#acknowledgeSoon();
		});
	}

	write(bytes: Uint8Array): boolean {
		if (this.#closed || this.#ending !== undefined || bytes.length === 0) return true;
		this.#waiting.push(bytes);
		this.#sendWaiting();
		this.#full = this.#isFull;
		return !this.#full;
	}

	/** A single call goes out at once. Of several calls, what is written in one turn of the event loop goes out together. */
	schedule(flush: () => void, idle: boolean): void {
		if (idle) flush();
		else setImmediate(flush);
	}

	end(): void {
		if (this.#closed || this.#ending !== undefined) return;
		this.#ending = after(endTimeoutMs, () => this.destroy());
		this.#endIfSent();
	}

	destroy(): void {
		if (this.#closed) return;
		this.#send(PipeMessageType.reset);
		this.#close();
	}

	/** The way to the other end is gone. */
	lose(reason: string): void {
		this.#close(new Error(reason));
	}

	/** A message arrived. It may be anything. */
	receive(bytes: Uint8Array): void {
		if (this.#closed) return;
		const message = readPipeMessage(bytes);
		if (message === undefined) this.#break("what arrived is no message of a pipe");
		else if (message.type === PipeMessageType.reset) this.lose("the other end reset the pipe");
		else if (message.position !== this.#received) {
			this.#break("a message was lost, doubled or overtaken on its way");
		} else if (distance(this.#acknowledged, message.received) > this.#inFlight) {
			this.#break("the other end acknowledged more than it was sent");
		} else this.#take(message);
	}

	/**
	 * Called every second. When calls were under way and have fallen silent, it probes whether the other end is there, and
	 * whether it missed the last message: nobody else tells when a process has died.
	 */
	tick(): void {
		this.#idleSeconds++;
		if (probeSeconds.has(this.#idleSeconds)) this.#send(PipeMessageType.acknowledge);
	}

	get #inFlight(): number {
		return distance(this.#acknowledged, this.#sent);
	}

	get #isFull(): boolean {
		return this.#waiting.length > 0 || this.#inFlight >= pipeWindowBytes;
	}

	#take({ type, received, payload }: PipeMessage): void {
		this.#noteCalls(payload);
		this.#acknowledged = received;
		if (type === PipeMessageType.data && !this.#deliver(payload)) return;
		if (type === PipeMessageType.end) this.#close();
		else this.#resume();
	}

	#noteCalls(payload: Uint8Array): void {
		if (payload.length > pingBytes) this.#idleSeconds = 0;
	}

	/** Passes a part of the stream on. Returns whether the pipe is still there. */
	#deliver(payload: Uint8Array): boolean {
		this.#received = sum(this.#received, payload.length);
		if (distance(this.#reported, this.#received) > pipeWindowBytes) {
			this.#break("the other end sent more than the window of the pipe allows");
		} else if (this.#handler === undefined) this.#early.push(payload);
		else {
			this.#handler.data(payload);
			this.#acknowledgeSoon();
		}
		return !this.#closed;
	}

	#acknowledgeSoon(): void {
		if (this.#closed || distance(this.#reported, this.#received) < acknowledgeBytes) return;
		this.#send(PipeMessageType.acknowledge);
	}

	/** The other end has received more, so that waiting bytes may go out. */
	#resume(): void {
		this.#sendWaiting();
		if (this.#ending !== undefined) this.#endIfSent();
		else if (this.#full && !this.#isFull) {
			this.#full = false;
			this.#handler?.drain();
		}
	}

	#sendWaiting(): void {
		for (let [bytes] = this.#waiting; bytes !== undefined && !this.#closed; [bytes] = this.#waiting) {
			const room = Math.min(this.#pieceBytes, pipeWindowBytes - this.#inFlight);
			if (room < Math.min(bytes.length, this.#pieceBytes, smallestCutBytes)) return;
			if (bytes.length <= room) this.#waiting.shift();
			else this.#waiting[0] = bytes.subarray(room);
			this.#send(PipeMessageType.data, bytes.subarray(0, room));
		}
	}

	#endIfSent(): void {
		if (this.#closed || this.#waiting.length > 0) return;
		this.#send(PipeMessageType.end);
		this.#close();
	}

	#send(type: PipeMessageType, payload: Uint8Array = noPayload): void {
		const message = writePipeMessage({ type, position: this.#sent, received: this.#received, payload });
		this.#noteCalls(payload);
		this.#sent = sum(this.#sent, payload.length);
		this.#reported = this.#received;
		try {
			this.#carrier.send(message);
		} catch (error) {
			// The owner may be in the midst of writing.
			queueMicrotask(() => this.#close(error instanceof Error ? error : new Error(String(error))));
		}
	}

	/** The other end does what no end does, or a message is missing: nothing that follows makes sense. */
	#break(reason: string): void {
		this.#send(PipeMessageType.reset);
		this.#close(new Error(reason));
	}

	#close(error?: Error): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#failure = error;
		this.#ending?.stop();
		this.#waiting = [];
		this.#carrier.leave();
		this.#handler?.closed(error);
	}
}

import { reasonOf } from "../errors/reason.ts";
import type { ByteHandling, Pipe } from "../transport/pipe.ts";
import { FrameWriter } from "./wire/frame-writer.ts";

/** How many bytes of answers to pings and the like may wait behind a pipe that takes nothing, before it is given up. */
const maxBlockedControlBytes = 1024 * 1024;

/**
 * How much gathers in one turn of the loop before it goes out, in heads of calls and in bytes: then the other side
 * works on one part while this side makes the next. Fewer heads cost more writes; more leave the other side idle.
 */
const batchHeads = 32;
const batchBytes = 64 * 1024;

/** The parts of a connection that its batch needs. */
export interface BatchOwner {
	/** The open streams. While there is hardly one, to wait for more frames would only cost time. */
	readonly streams: { readonly size: number };
	/**
	 * The messages that wait to be sent. The queue goes on when a batch went out at the end of its turn and the pipe takes
	 * more.
	 */
	readonly queue: { proceed(): void };
	/** Ends the connection: the pipe is of no use any more. */
	destroy(message: string): void;
}

/**
 * Gathers the frames of one turn of the loop, so that they go out in one write. A frame is begun on the
 * {@link writer} and ended here, by the method that says what kind of frame it was.
 */
export class FrameBatch {
	readonly writer: FrameWriter;
	readonly #pipe: Pipe;
	readonly #owner: BatchOwner;
	readonly #maxBlockedBytes: number;
	/** The heads of calls, requests or replies, that have gathered. */
	#heads = 0;
	#flushScheduled = false;
	/** Whether the pipe takes nothing for now. */
	#blocked = false;
	#closed = false;

	constructor(pipe: Pipe, bytes: ByteHandling, sendQueueBytes: number, owner: BatchOwner) {
		this.#pipe = pipe;
		this.#owner = owner;
		this.#maxBlockedBytes = sendQueueBytes + maxBlockedControlBytes;
		this.writer = new FrameWriter(bytes);
	}

	/** Ends the frame that begins or ends a call. */
	finishHead(): void {
		this.writer.finish();
		this.#heads++;
		this.#schedule(true, false);
	}

	/** Ends a frame of a message. `more` says that the next message of the stream is probably near. */
	finishMessage(more: boolean): void {
		this.writer.finish();
		this.#schedule(false, more);
	}

	/** Ends a small frame that does not wait for the send queue. */
	finishControl(): void {
		this.writer.finish();
		if (this.#blocked && this.writer.pending > this.#maxBlockedBytes)
			this.#owner.destroy("the other side does not read what it is sent");
		else this.#schedule(true, false);
	}

	/** Sends what has gathered, unless the pipe takes nothing. */
	flush(): void {
		if (this.#blocked) return;
		this.#heads = 0;
		const bytes = this.writer.take();
		if (bytes === undefined) return;
		try {
			if (!this.#pipe.write(bytes)) this.#blocked = true;
		} catch (error) {
			this.#owner.destroy(`connection lost: ${reasonOf(error)}`);
		}
	}

	/** The pipe takes more again. */
	drained(): void {
		this.#blocked = false;
		this.flush();
	}

	/** Nothing is sent any more. */
	close(): void {
		this.#closed = true;
	}

	/**
	 * Schedules the frames that were written: they go out at the end of this turn of the loop, or now if they are already
	 * many.
	 *
	 * @param prompt whether they may go out sooner while the connection is idle.
	 */
	#schedule(prompt: boolean, more: boolean): void {
		if (this.#blocked) return;
		if (this.#heads >= batchHeads || this.writer.pending >= batchBytes) {
			this.flush();
			return;
		}
		if (this.#flushScheduled) return;
		this.#flushScheduled = true;
		this.#pipe.schedule(this.#flushNow, prompt && this.#owner.streams.size <= 1, more);
	}

	readonly #flushNow = (): void => {
		this.#flushScheduled = false;
		if (this.#closed) return;
		this.flush();
		if (!this.#blocked && !this.#closed) this.#owner.queue.proceed();
	};
}

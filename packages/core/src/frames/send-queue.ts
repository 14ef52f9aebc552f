import type { EncodedMessage } from "../codec/codec.ts";
import { FragmentQueue, type Fragments } from "./fragment-queue.ts";
import type { FrameBatch } from "./frame-batch.ts";
import { Flag, maxFragmentBytes } from "./wire/frame.ts";
import { beginFragment, beginMessage } from "./wire/message-frame.ts";
import type { RemoteSettings } from "./wire/settings-frame.ts";

/**
 * The messages that a connection sends: within the window that the other side grants, in fragments that take turns,
 * and no more at once than the queue takes. Senders wait for room in it.
 */
export class SendQueue {
	readonly #batch: FrameBatch;
	readonly #maxBytes: number;
	readonly #fragments = new FragmentQueue();
	/** The senders that wait for room. */
	readonly #waiting = new Set<() => void>();
	/** The bytes of messages that the other side still takes. */
	#window = 0;
	#closed = false;

	constructor(batch: FrameBatch, maxBytes: number) {
		this.#batch = batch;
		this.#maxBytes = maxBytes;
	}

	/** The other side has announced its limits. */
	open(remote: RemoteSettings): void {
		this.#window = remote.connectionWindowBytes;
		// The other half is for messages that have credit for more.
		this.#fragments.maxHeldBytes = remote.maxAssemblyBytes / 2;
	}

	/** The bytes of messages that the other side still takes. */
	get window(): number {
		return this.#window;
	}

	/** Whether the queue takes more messages now. */
	get hasRoom(): boolean {
		return this.#batch.writer.pending < this.#maxBytes && !this.#closed;
	}

	/** Whether a message that takes this much space can go out at once, in one piece. */
	hasRoomFor(bytes: number): boolean {
		return bytes <= maxFragmentBytes && bytes <= this.#window && this.hasRoom;
	}

	/** Ends the frame that begins a call or a reply, with a message behind it that it {@link hasRoomFor}. */
	finishHead(body: EncodedMessage | undefined): void {
		if (body !== undefined) this.#window -= this.#batch.writer.body(body);
		this.#batch.finishHead();
	}

	/**
	 * Sends a whole message that it {@link hasRoomFor}. Returns its bytes.
	 *
	 * @param room the space that the message takes at most, in bytes.
	 */
	sendMessage(stream: number, flags: number, body: EncodedMessage, room: number): number {
		const written = beginMessage(this.#batch.writer, flags, stream, body, room);
		this.#window -= written;
		this.#batch.finishMessage((flags & Flag.end) === 0);
		return written;
	}

	sendFragment(stream: number, flags: number, fragment: Uint8Array): void {
		beginFragment(this.#batch.writer, flags, stream, fragment);
		this.#window -= fragment.length;
		this.#batch.finishMessage(false);
	}

	/** Takes in a message that is sent in fragments. */
	add(message: Fragments): void {
		this.#fragments.add(message);
		this.#sendFragments();
	}

	/** A message may be sent on, as its stream has window again. */
	resume(message: Fragments): void {
		this.#fragments.resume(message);
		this.#sendFragments();
	}

	/** A message has gone out, or will never go out. */
	remove(message: Fragments): void {
		this.#fragments.leave(message);
	}

	/** The other side takes more bytes of messages. */
	extend(bytes: number): void {
		this.#window += bytes;
		this.proceed();
	}

	/** Calls back when the queue may take more, or the connection has ended. Returns a function that gives up waiting. */
	wait(resume: () => void): () => void {
		this.#waiting.add(resume);
		return () => this.#waiting.delete(resume);
	}

	/** Resolves when the queue may take more, or the connection has ended. */
	whenRoom(): Promise<void> {
		if (this.#closed) return Promise.resolve();
		return new Promise((resolve) => this.wait(resolve));
	}

	/** The pipe or the window has room again. */
	proceed(): void {
		if (this.#fragments.ready) this.#sendFragments();
		if (this.#waiting.size > 0 && this.hasRoom) this.#wake();
	}

	/** The connection has ended: nothing is sent any more, and nobody waits. */
	close(): void {
		this.#closed = true;
		this.#fragments.clear();
		this.#wake();
	}

	#wake(): void {
		const waiting = [...this.#waiting];
		this.#waiting.clear();
		for (const resume of waiting) resume();
	}

	/** Fragments leave half of the queue to others who wait for it. */
	#sendFragments(): void {
		const room = this.#maxBytes * (this.#waiting.size > 0 ? 0.5 : 1);
		while (this.#fragments.ready && this.#window > 0 && this.hasRoom && this.#batch.writer.pending < room) {
			this.#fragments.sendNext();
		}
	}
}

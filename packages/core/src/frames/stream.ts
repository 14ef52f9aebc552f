import type { EncodedMessage } from "../codec/codec.ts";
import { messageTooLarge } from "../transport/transport-errors.ts";
import type { Connection } from "./connection.ts";
import type { CreditReturn } from "./inbound.ts";
import { OutgoingMessage } from "./outgoing-message.ts";
import { ReceiveWindow } from "./receive-window.ts";
import type { StreamWindows } from "./stream-handler.ts";
import { bodyRoom, exceeds } from "./wire/body.ts";
import { beginCancel } from "./wire/cancel-frame.ts";
import { Flag, maxFragmentBytes } from "./wire/frame.ts";

/** One stream of a connection: its windows, and the message that waits to be sent. */
export class Stream implements CreditReturn, StreamWindows {
	readonly id: number;
	readonly connection: Connection;
	/** How much the other side still takes on this stream, in bytes. */
	#sendWindow: number;
	/** Made when the first message arrives: most calls have theirs behind the head. */
	#receiveWindow: ReceiveWindow | undefined;
	#outgoing: OutgoingMessage | undefined;
	/** Whether it was given up on this side. */
	closed = false;

	constructor(id: number, connection: Connection) {
		this.id = id;
		this.connection = connection;
		this.#sendWindow = connection.remote.streamWindowBytes;
	}

	/** The bytes that are left of the message that is on its way out. */
	get unsentBytes(): number {
		return this.#outgoing?.left ?? 0;
	}

	/** Bytes of a message arrived. Returns whether the other side kept to the window. */
	received(bytes: number): boolean {
		return this.#incoming.take(bytes);
	}

	credit(bytes: number): void {
		this.connection.credit(bytes);
		this.creditStream(bytes);
	}

	creditConnection(bytes: number): void {
		this.connection.credit(bytes);
	}

	creditStream(bytes: number): void {
		if (this.closed) return;
		const credit = this.#incoming.consume(bytes);
		if (credit > 0) this.connection.sendCredit(this.id, credit);
	}

	/** The other side returned credit. */
	extend(bytes: number): void {
		this.#sendWindow += bytes;
		if (this.#outgoing !== undefined) this.connection.queue.resume(this.#outgoing);
	}

	/**
	 * Sends one message; one at a time. Returns undefined when it is on its way. Otherwise the sender has to wait for
	 * the promise, which resolves also when the stream is closed meanwhile.
	 *
	 * @throws ServiceError `resource_exhausted` when the message is larger than the other side takes.
	 */
	send(body: EncodedMessage, flags = 0): Promise<void> | undefined {
		if (this.closed) return undefined;
		const { bytes, queue, remote } = this.connection;
		const room = bodyRoom(bytes, body);
		if (room <= this.#sendWindow && queue.hasRoomFor(room)) {
			this.#sendWindow -= queue.sendMessage(this.id, flags, body, room);
			return queue.hasRoom ? undefined : queue.whenRoom();
		}
		const isLarge = room > maxFragmentBytes;
		if (isLarge && exceeds(bytes, body, remote.maxMessageBytes))
			throw messageTooLarge(remote.maxMessageBytes);
		return new Promise((done) => {
			// The other side holds a single fragment no longer than it takes to read it.
			const heldBytes = isLarge ? Math.min(body.length, remote.streamWindowBytes) : 0;
			this.#outgoing = new OutgoingMessage(this, bytes, body, flags, heldBytes, done);
			queue.add(this.#outgoing);
		});
	}

	/** Sends the next fragment. Returns whether there is more to send, and window to send it. */
	sendFragment(): boolean {
		const outgoing = this.#outgoing;
		if (outgoing === undefined || this.closed) return false;
		const { queue } = this.connection;
		const size = Math.min(outgoing.left, maxFragmentBytes, this.#sendWindow, queue.window);
		if (size <= 0 && outgoing.left > 0) return this.#sendWindow > 0;
		const fragment = outgoing.take(size);
		const whole = outgoing.left === 0;
		queue.sendFragment(this.id, whole ? outgoing.flags : Flag.more, fragment);
		this.#sendWindow -= size;
		if (!whole) return this.#sendWindow > 0;
		this.#leave(outgoing);
		return false;
	}

	/** Gives the stream up on this side: nothing more is sent, and a sender that waits goes on. */
	close(): void {
		if (this.closed) return;
		this.closed = true;
		this.connection.remove(this.id);
		if (this.#outgoing !== undefined) this.#leave(this.#outgoing);
	}

	/** Tells the other side that the call is over, and closes. */
	cancel(): void {
		if (this.closed) return;
		const { batch } = this.connection;
		beginCancel(batch.writer, this.id);
		batch.finishControl();
		this.close();
	}

	get #incoming(): ReceiveWindow {
		this.#receiveWindow ??= new ReceiveWindow(this.connection.limits.streamWindowBytes);
		return this.#receiveWindow;
	}

	/** The message has gone out, or will never go out. */
	#leave(outgoing: OutgoingMessage): void {
		this.#outgoing = undefined;
		this.connection.queue.remove(outgoing);
		outgoing.done();
	}
}

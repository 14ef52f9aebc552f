import type { ServiceError } from "../errors/service-error.ts";
import type { Expiring } from "../transport/deadlines.ts";
import type { Place } from "../transport/linked-list.ts";
import { messageTooLarge } from "../transport/transport-errors.ts";
import type { Connection } from "./connection.ts";
import type { Fragments } from "./fragment-queue.ts";
import { Flag, FrameType, maxFragmentBytes } from "./frame.ts";
import type { ReceiveWindow } from "./inbound.ts";

/** What a connection tells the owner of a stream: the client's or the server's side of a call. */
export interface StreamHandler extends Expiring {
	readonly stream: Stream;
	/** A fragment of a message; the credit of its bytes is the handler's to return. */
	onMessage(bytes: Uint8Array, start: number, end: number, more: boolean, last: boolean): void;
	/** A frame of another type for this stream. */
	onFrame(type: number, flags: number, bytes: Uint8Array, start: number, end: number): void;
	/** The connection is gone, or never took the stream. */
	onLost(error: ServiceError): void;
}

/** A message that is on its way out in fragments. */
class Outgoing implements Fragments {
	readonly heldBytes: number;
	waiting: Place | undefined;
	readonly flags: number;
	readonly done: () => void;
	offset = 0;
	readonly #stream: Stream;
	#text: string;
	/** Made when it begins: many may wait. */
	#bytes: Uint8Array | undefined;

	constructor(stream: Stream, text: string, flags: number, heldBytes: number, done: () => void) {
		this.#stream = stream;
		this.#text = text;
		this.flags = flags;
		this.heldBytes = heldBytes;
		this.done = done;
	}

	get bytes(): Uint8Array {
		if (this.#bytes === undefined) {
			this.#bytes = this.#stream.connection.encode(this.#text);
			this.#text = "";
		}
		return this.#bytes;
	}

	sendNext(): boolean {
		return this.#stream.sendFragment();
	}
}

/** One stream of a connection: its windows, and the message that waits to be sent. */
export class Stream implements ReceiveWindow {
	readonly id: number;
	readonly connection: Connection;
	closed = false;
	/** What the other side lets this one send. */
	#sendWindow: number;
	/** What this side still lets the other send. */
	#receiveWindow: number;
	#unreturned = 0;
	#outgoing: Outgoing | undefined;

	constructor(id: number, connection: Connection) {
		this.id = id;
		this.connection = connection;
		this.#sendWindow = connection.remote.streamWindowBytes;
		this.#receiveWindow = connection.limits.streamWindowBytes;
	}

	get sendWindow(): number {
		return this.#sendWindow;
	}

	/** What is left of the message that is on its way out, in bytes. */
	get unsentBytes(): number {
		return this.#outgoing === undefined ? 0 : this.#outgoing.bytes.length - this.#outgoing.offset;
	}

	/** Whether the other side kept to the window. */
	received(bytes: number): boolean {
		this.#receiveWindow -= bytes;
		return this.#receiveWindow >= 0;
	}

	credit(bytes: number): void {
		this.connection.credit(bytes);
		this.creditStream(bytes);
	}

	creditConnection(bytes: number): void {
		this.connection.credit(bytes);
	}

	/** The other side learns of it when half a window has gathered. */
	creditStream(bytes: number): void {
		if (this.closed) return;
		this.#unreturned += bytes;
		if (this.#unreturned * 2 < this.connection.limits.streamWindowBytes) return;
		this.#receiveWindow += this.#unreturned;
		this.connection.sendWindowUpdate(this.id, this.#unreturned);
		this.#unreturned = 0;
	}

	/** The other side returned credit. */
	extend(bytes: number): void {
		this.#sendWindow += bytes;
		if (this.#outgoing !== undefined) this.connection.resume(this.#outgoing);
	}

	/**
	 * Sends one message. Undefined when it is on its way; a promise when the sender has to wait, which also
	 * resolves when the stream is closed meanwhile. One message at a time.
	 *
	 * @throws ServiceError `resource_exhausted` when the message is larger than the other side takes.
	 */
	send(text: string, flags = 0): Promise<void> | undefined {
		if (this.closed) return undefined;
		const { connection } = this;
		if (connection.fits(text) && connection.room(text) <= this.#sendWindow) {
			this.#sendWindow -= connection.writeMessage(this.id, flags, text);
			return connection.writable ? undefined : connection.whenWritable();
		}
		const { maxMessageBytes: limit, streamWindowBytes } = connection.remote;
		const isLarge = connection.room(text) > maxFragmentBytes;
		if (isLarge && text.length * 3 > limit && connection.bytes.byteLength(text) > limit)
			throw messageTooLarge(limit);
		return new Promise((done) => {
			const heldBytes = isLarge ? Math.min(text.length, streamWindowBytes) : 0;
			this.#outgoing = new Outgoing(this, text, flags, heldBytes, done);
			connection.enqueue(this.#outgoing);
		});
	}

	/** Sends the next fragment. Returns whether there is more to send and window to send it. */
	sendFragment(): boolean {
		const outgoing = this.#outgoing;
		if (outgoing === undefined || this.closed) return false;
		const { connection } = this;
		const rest = outgoing.bytes.length - outgoing.offset;
		const size = Math.min(rest, maxFragmentBytes, this.#sendWindow, connection.sendWindow);
		if (size <= 0 && rest > 0) return this.#sendWindow > 0;
		const fragment = outgoing.bytes.subarray(outgoing.offset, outgoing.offset + size);
		const whole = size === rest;
		connection.writeFragment(this.id, whole ? outgoing.flags : Flag.more, fragment);
		outgoing.offset += size;
		this.#sendWindow -= size;
		if (!whole) return this.#sendWindow > 0;
		this.#leave();
		return false;
	}

	/** Gives the stream up locally: nothing is sent any more, and whoever waits to send goes on. */
	close(): void {
		if (this.closed) return;
		this.closed = true;
		this.connection.remove(this.id);
		this.#leave();
	}

	/** The message has gone out, or will never. */
	#leave(): void {
		const outgoing = this.#outgoing;
		if (outgoing === undefined) return;
		this.#outgoing = undefined;
		this.connection.dequeue(outgoing);
		outgoing.done();
	}

	/** Says that the call is over and closes. */
	cancel(): void {
		if (this.closed) return;
		this.connection.writeControl(FrameType.cancel, this.id);
		this.close();
	}
}

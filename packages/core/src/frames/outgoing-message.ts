import type { EncodedMessage } from "../codec/codec.ts";
import type { Place } from "../transport/linked-list.ts";
import type { ByteHandling } from "../transport/pipe.ts";
import type { Fragments } from "./fragment-queue.ts";
import { bodyBytes } from "./wire/body.ts";

/** Sends the fragments of a message. */
interface FragmentSender {
	/** Sends the next fragment. Returns whether there is more to send, and window to send it. */
	sendFragment(): boolean;
}

/** A message that is on its way out in fragments. */
export class OutgoingMessage implements Fragments {
	readonly flags: number;
	readonly heldBytes: number;
	readonly done: () => void;
	waiting: Place | undefined;
	readonly #sender: FragmentSender;
	readonly #handling: ByteHandling;
	#body: EncodedMessage;
	/** Made of the body when the first fragment is sent: many messages may wait. */
	#bytes: Uint8Array | undefined;
	#offset = 0;

	/**
	 * @param flags the flags of the last fragment.
	 * @param done called when the message has gone out, or will never go out.
	 */
	constructor(
		sender: FragmentSender,
		handling: ByteHandling,
		body: EncodedMessage,
		flags: number,
		heldBytes: number,
		done: () => void,
	) {
		this.#sender = sender;
		this.#handling = handling;
		this.#body = body;
		this.flags = flags;
		this.heldBytes = heldBytes;
		this.done = done;
	}

	/** The bytes that have not been sent. */
	get left(): number {
		return this.#all.length - this.#offset;
	}

	/** Takes the next bytes, which are sent now. */
	take(size: number): Uint8Array {
		const from = this.#offset;
		this.#offset += size;
		return this.#all.subarray(from, this.#offset);
	}

	sendNext(): boolean {
		return this.#sender.sendFragment();
	}

	get #all(): Uint8Array {
		if (this.#bytes === undefined) {
			this.#bytes = bodyBytes(this.#handling, this.#body);
			this.#body = "";
		}
		return this.#bytes;
	}
}

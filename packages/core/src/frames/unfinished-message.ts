import type { ByteHandling } from "../transport/pipe.ts";
import type { Assembly, Growing } from "./assembly.ts";

/** The parts of a connection that an unfinished message needs. */
export interface UnfinishedOwner {
	readonly bytes: ByteHandling;
	readonly maxMessageBytes: number;
	readonly assembly: Assembly;
}

/**
 * The message of a stream that is not whole yet. It is held in one buffer, so that it takes the same memory in
 * fragments of any size.
 */
export class UnfinishedMessage {
	readonly #owner: UnfinishedOwner;
	/** Told when there is room for all of the message. */
	readonly #growing: Growing;
	#buffer: Uint8Array | undefined;
	#length = 0;
	/** The bytes that are accounted for in the memory of the connection. */
	#held = 0;
	#mayGrow = false;

	constructor(owner: UnfinishedOwner, growing: Growing) {
		this.#owner = owner;
		this.#growing = growing;
	}

	/** Whether a fragment has come, and others will. */
	get begun(): boolean {
		return this.#buffer !== undefined;
	}

	/** The bytes that have come. */
	get length(): number {
		return this.#length;
	}

	/** Takes in a fragment that is not the last. Returns false when the connection has no memory for it. */
	hold(bytes: Uint8Array, start: number, end: number): boolean {
		if (!this.#owner.assembly.take(end - start)) return false;
		this.#held += end - start;
		this.#append(bytes, start, end);
		return true;
	}

	/** Takes in the last fragment. Returns the whole message, in memory of its own. */
	finish(bytes: Uint8Array, start: number, end: number): Uint8Array {
		this.#append(bytes, start, end);
		const whole = (this.#buffer ?? bytes).subarray(0, this.#length);
		this.drop();
		return whole;
	}

	/** Gives back the memory of a message that is whole, or will never be. */
	drop(): void {
		if (this.#buffer === undefined) return;
		const { assembly } = this.#owner;
		assembly.take(-this.#held);
		this.#buffer = undefined;
		this.#length = 0;
		this.#held = 0;
		this.#mayGrow = false;
		assembly.leave(this.#growing);
	}

	/** Whether the message may be longer than the window of its stream. If not, its owner is told as soon as it may. */
	mayGrow(): boolean {
		this.#mayGrow ||= this.#owner.assembly.mayGrow(this.#growing);
		return this.#mayGrow;
	}

	/** There is room for all of it now. */
	grow(): void {
		this.#mayGrow = true;
	}

	#append(bytes: Uint8Array, start: number, end: number): void {
		const length = this.#length + end - start;
		if (this.#buffer === undefined || this.#buffer.length < length) {
			const { bytes: handling, maxMessageBytes } = this.#owner;
			const grown = handling.allocate(Math.min(maxMessageBytes, 2 * length));
			if (this.#buffer !== undefined) grown.set(this.#buffer.subarray(0, this.#length));
			this.#buffer = grown;
		}
		this.#buffer.set(bytes.subarray(start, end), this.#length);
		this.#length = length;
	}
}

import { ServiceError } from "@allium/core";
import { messageTooLarge } from "@allium/core/transport";

/** The flags of an envelope. */
export const compressedFlag = 0x01;
export const endStreamFlag = 0x02;

const headBytes = 5;

/** Wraps a message of a stream: flags, length, message. */
export function writeEnvelope(flags: number, text: string): Buffer {
	const length = Buffer.byteLength(text);
	const envelope = Buffer.allocUnsafe(headBytes + length);
	envelope[0] = flags;
	envelope.writeUInt32BE(length, 1);
	envelope.write(text, headBytes, "utf8");
	return envelope;
}

/** Takes the envelopes of a stream apart, however its bytes are cut. */
export class EnvelopeReader {
	readonly #maxBytes: number;
	readonly #envelope: (flags: number, message: Buffer) => void;
	#chunks: Buffer[] = [];
	#held = 0;
	/** What must be there before the next step: a head, or a head and its message. */
	#needed = headBytes;

	/** @param envelope called with each envelope, in order. */
	constructor(maxBytes: number, envelope: (flags: number, message: Buffer) => void) {
		this.#maxBytes = maxBytes;
		this.#envelope = envelope;
	}

	/** Whether the bytes so far end within an envelope. */
	get partial(): boolean {
		return this.#held > 0;
	}

	/**
	 * Takes bytes that arrived.
	 *
	 * @throws ServiceError when an envelope claims more than the limit, before its bytes are held; or is compressed.
	 */
	push(chunk: Buffer): void {
		this.#chunks.push(chunk);
		this.#held += chunk.length;
		if (this.#held < this.#needed) return;
		const bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks, this.#held);
		let offset = 0;
		this.#needed = headBytes;
		while (bytes.length - offset >= headBytes) {
			const flags = bytes[offset] as number;
			const length = this.#check(flags, bytes.readUInt32BE(offset + 1));
			if (bytes.length - offset < headBytes + length) {
				this.#needed = headBytes + length;
				break;
			}
			offset += headBytes + length;
			this.#envelope(flags, bytes.subarray(offset - length, offset));
		}
		this.#held = bytes.length - offset;
		this.#chunks = this.#held === 0 ? [] : [bytes.subarray(offset)];
	}

	#check(flags: number, length: number): number {
		if (length > this.#maxBytes) throw messageTooLarge(this.#maxBytes);
		if ((flags & compressedFlag) !== 0) {
			throw new ServiceError({
				code: "internal",
				message: "a message is compressed, though no compression was agreed on",
			});
		}
		return length;
	}
}

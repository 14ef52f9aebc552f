import type { EncodedMessage } from "../../codec/codec.ts";
import { ServiceError } from "../../errors/service-error.ts";
import { messageTooLarge } from "../../transport/transport-errors.ts";

/** The flags of an envelope. */
export const compressedFlag = 0x01;
export const endStreamFlag = 0x02;

/** The size of the head of an envelope: flags, and the length of the message. */
export const envelopeHeadBytes = 5;

/** Wraps a message of a stream: flags, length, message. */
export function writeEnvelope(flags: number, encoded: EncodedMessage): Uint8Array<ArrayBuffer> {
	const message = typeof encoded === "string" ? new TextEncoder().encode(encoded) : encoded;
	const envelope = new Uint8Array(envelopeHeadBytes + message.length);
	envelope[0] = flags;
	new DataView(envelope.buffer).setUint32(1, message.length);
	envelope.set(message, envelopeHeadBytes);
	return envelope;
}

/** Splits a stream into its envelopes, wherever its bytes are cut into chunks. */
export class EnvelopeReader {
	readonly #maxBytes: number;
	readonly #envelope: (flags: number, message: Uint8Array) => void;
	readonly #allowsCompressed: boolean;
	#chunks: Uint8Array[] = [];
	#held = 0;
	/** How many bytes the next step needs: a head, or a head and its message. */
	#needed = envelopeHeadBytes;

	/**
	 * @param envelope called with each envelope, in order.
	 * @param allowsCompressed whether a compression was agreed on; the caller decompresses.
	 */
	constructor(
		maxBytes: number,
		envelope: (flags: number, message: Uint8Array) => void,
		allowsCompressed = false,
	) {
		this.#maxBytes = maxBytes;
		this.#envelope = envelope;
		this.#allowsCompressed = allowsCompressed;
	}

	/** Whether the bytes so far end within an envelope. */
	get partial(): boolean {
		return this.#held > 0;
	}

	/**
	 * Takes bytes that arrived.
	 *
	 * @throws ServiceError when an envelope claims more than the limit, before its bytes are held; or when it is
	 * compressed although no compression was agreed on.
	 */
	push(chunk: Uint8Array): void {
		this.#chunks.push(chunk);
		this.#held += chunk.length;
		if (this.#held < this.#needed) return;
		const bytes = joined(this.#chunks, this.#held);
		let offset = 0;
		this.#needed = envelopeHeadBytes;
		while (bytes.length - offset >= envelopeHeadBytes) {
			const flags = bytes[offset] as number;
			const length = this.#check(flags, readLength(bytes, offset + 1));
			if (bytes.length - offset < envelopeHeadBytes + length) {
				this.#needed = envelopeHeadBytes + length;
				break;
			}
			offset += envelopeHeadBytes + length;
			this.#envelope(flags, bytes.subarray(offset - length, offset));
		}
		this.#held = bytes.length - offset;
		this.#chunks = this.#held === 0 ? [] : [bytes.subarray(offset)];
	}

	#check(flags: number, length: number): number {
		if (length > this.#maxBytes) throw messageTooLarge(this.#maxBytes);
		if (!this.#allowsCompressed && (flags & compressedFlag) !== 0) {
			throw new ServiceError({
				code: "internal",
				message: "a message is compressed, though no compression was agreed on",
			});
		}
		return length;
	}
}

/** Joins chunks. A single chunk is returned as it is. */
export function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
	const [first] = chunks;
	if (first !== undefined && chunks.length === 1) return first;
	const bytes = new Uint8Array(length);
	let offset = 0;
	for (const chunk of chunks) {
		bytes.set(chunk, offset);
		offset += chunk.length;
	}
	return bytes;
}

function readLength(bytes: Uint8Array, offset: number): number {
	return new DataView(bytes.buffer, bytes.byteOffset + offset, 4).getUint32(0);
}

import { isUtf8 } from "node:buffer";
import { type Codec, ServiceError } from "@allium/core";
import { canceled, messageTooLarge, type Place } from "@allium/core/transport";
import { bufferBytes } from "../pipe/buffer-bytes.ts";
import type { Overdue } from "../server/overdue.ts";
import { decodeContent } from "./content-coding.ts";
import type { BodyReader, HttpRequest } from "./http-request.ts";

/** A body that must arrive in time. */
export interface PendingBody {
	/** The body did not arrive in time. */
	expire(): void;
}

/** The bounds of a server's bodies. */
export interface BodyBounds {
	readonly maxBytes: number;
	readonly timeoutMs: number;
	readonly pending: Overdue<PendingBody>;
	/** The bytes that all pending bodies together may hold, and the bytes that they hold now. */
	readonly maxHeldBytes: number;
	heldBytes: number;
}

/**
 * A body that is one message. It stops at the limit and holds no more bytes than that. It keeps its listeners until the
 * request is gone, because removing them costs as much as adding them did.
 */
export class Body<Message> implements PendingBody, BodyReader {
	readonly #bounds: BodyBounds;
	readonly #maxBytes: number;
	readonly #encoding: string | undefined;
	readonly #decode: (bytes: Uint8Array) => Message;
	readonly #resolve: (message: Message) => void;
	readonly #reject: (error: unknown) => void;
	readonly #due: Place;
	#over = false;
	#first: Buffer | undefined;
	#rest: Buffer[] | undefined;
	#bytes = 0;

	/**
	 * @param encoding the encoding of the body, which must be a supported one.
	 * @param decode makes the message from the bytes.
	 * @param reject called with a `ServiceError`, or with the error that `decode` threw.
	 * @param maxBytes the most bytes that it may have, before and after decoding. Default: that of `bounds`.
	 */
	constructor(
		request: HttpRequest,
		bounds: BodyBounds,
		encoding: string | undefined,
		decode: (bytes: Uint8Array) => Message,
		resolve: (message: Message) => void,
		reject: (error: unknown) => void,
		maxBytes: number = bounds.maxBytes,
	) {
		this.#bounds = bounds;
		this.#maxBytes = maxBytes;
		this.#encoding = encoding;
		this.#decode = decode;
		this.#resolve = resolve;
		this.#reject = reject;
		this.#due = bounds.pending.add(this);
		request.readBody(this);
	}

	/** Gives up the body, because the call is over or the client is gone. */
	fail(error: ServiceError): void {
		if (this.#over) return;
		this.#leave();
		this.#reject(error);
	}

	expire(): void {
		this.fail(
			new ServiceError({
				code: "deadline_exceeded",
				reason: "body_timeout",
				message: `the body did not arrive within ${this.#bounds.timeoutMs} ms`,
			}),
		);
	}

	data(chunk: Buffer): void {
		if (this.#over) return;
		const bounds = this.#bounds;
		this.#bytes += chunk.length;
		bounds.heldBytes += chunk.length;
		if (this.#bytes > this.#maxBytes) this.fail(messageTooLarge(this.#maxBytes));
		else if (bounds.heldBytes > bounds.maxHeldBytes) this.fail(tooMuchHeld());
		else if (this.#first === undefined) this.#first = chunk;
		else if (this.#rest === undefined) this.#rest = [this.#first, chunk];
		else this.#rest.push(chunk);
	}

	broken(): void {
		this.fail(canceled());
	}

	end(): void {
		if (this.#over) return;
		const bytes = this.#rest === undefined ? this.#first : Buffer.concat(this.#rest, this.#bytes);
		this.#leave();
		try {
			this.#resolve(
				this.#decode(bytes === undefined ? noBytes : decodeContent(bytes, this.#encoding, this.#maxBytes)),
			);
		} catch (error) {
			this.#reject(error);
		}
	}

	#leave(): void {
		this.#over = true;
		this.#due.leave();
		this.#bounds.heldBytes -= this.#bytes;
		this.#first = undefined;
		this.#rest = undefined;
	}
}

/**
 * Decodes a message from its bytes.
 *
 * @throws ServiceError when they are malformed.
 */
export function decodeMessage(codec: Codec, bytes: Uint8Array): unknown {
	return codec.binary ? codec.decode(bytes) : codec.decode(readText(bytes));
}

/**
 * The text of bytes.
 *
 * @throws ServiceError `invalid_argument` when they are not UTF-8.
 */
export function readText(bytes: Uint8Array): string {
	const text = bufferBytes.readText(bytes, 0, bytes.length);
	// The platform puts this character in place of bytes that are not UTF-8. They may also be the character itself.
	if (text.includes("\ufffd") && !isUtf8(bytes)) throw notUtf8();
	return text;
}

function tooMuchHeld(): ServiceError {
	const message = "too many bodies are under way; try again later";
	return new ServiceError({ code: "resource_exhausted", message, retryAfterMs: 1_000 });
}

const noBytes: Buffer = Buffer.alloc(0);

function notUtf8(): ServiceError {
	return new ServiceError({
		code: "invalid_argument",
		reason: "unparsable",
		message: "the message is not UTF-8",
	});
}

import { isUtf8 } from "node:buffer";
import { type Codec, ServiceError } from "@allium/core";
import { canceled, messageTooLarge, type Place } from "@allium/core/transport";
import { bufferBytes } from "../pipe/buffer-bytes.ts";
import type { Overdue } from "../server/overdue.ts";
import { decodeContent } from "./content-coding.ts";
import type { BodyReader, HttpRequest } from "./http-request.ts";

/** A body that must arrive in time. */
export interface PendingBody {
	/** It did not. */
	expire(): void;
}

/** What bounds the bodies of a server. */
export interface BodyBounds {
	readonly maxBytes: number;
	readonly timeoutMs: number;
	readonly pending: Overdue<PendingBody>;
	/** What all pending bodies may take together, and take now, in bytes. */
	readonly maxHeldBytes: number;
	heldBytes: number;
}

/**
 * A body that is one message. It stops at the limit and holds no more than that. It listens until the request is
 * gone, as to stop listening costs as much as it did to begin.
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
	 * @param encoding that of the body, one that is read.
	 * @param decode makes the message of the bytes.
	 * @param reject called with a `ServiceError`, or with what `decode` threw.
	 * @param maxBytes the most that it may take, before and after decoding. Default: that of `bounds`.
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

	/** Gives it up: the call is over, or the client is gone. */
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
 * Reads a message from the bytes that carried it.
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
	if (!isUtf8(bytes)) throw notUtf8();
	return bufferBytes.readText(bytes, 0, bytes.length);
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

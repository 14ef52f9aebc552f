import { isUtf8 } from "node:buffer";
import { ServiceError } from "@allium/core";
import { canceled, messageTooLarge, type Place } from "@allium/core/transport";
import { readAll } from "../platform/read-all.ts";
import type { Overdue } from "../server/overdue.ts";
import { decodeContent } from "./content-coding.ts";
import { isReset, type Request } from "./request-head.ts";

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
 * A body that is one message, read as text. Stops at the limit and holds no more than that. It listens until
 * the request is gone, as to stop listening costs as much as it did to begin.
 */
export class Body<Message> implements PendingBody {
	readonly #bounds: BodyBounds;
	readonly #encoding: string | undefined;
	readonly #decode: (text: string) => Message;
	readonly #resolve: (message: Message) => void;
	readonly #reject: (error: unknown) => void;
	readonly #due: Place;
	#over = false;
	#first: Buffer | undefined;
	#rest: Buffer[] | undefined;
	#bytes = 0;

	/**
	 * @param encoding that of the body, one that is read.
	 * @param decode makes the message of the text.
	 * @param reject called with a `ServiceError`, or with what `decode` threw.
	 */
	constructor(
		request: Request,
		bounds: BodyBounds,
		encoding: string | undefined,
		decode: (text: string) => Message,
		resolve: (message: Message) => void,
		reject: (error: unknown) => void,
	) {
		this.#bounds = bounds;
		this.#encoding = encoding;
		this.#decode = decode;
		this.#resolve = resolve;
		this.#reject = reject;
		this.#due = bounds.pending.add(this);
		request
			.on("data", (chunk: Buffer) => this.#take(chunk))
			.on("end", () => {
				if (isReset(request)) this.fail(canceled());
				else this.#finish();
			});
		// A request of HTTP/1.1 that breaks emits an error only to who listens; its response tells as well.
		if ("stream" in request) request.on("error", nothing);
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

	#take(chunk: Buffer): void {
		if (this.#over) return;
		const bounds = this.#bounds;
		this.#bytes += chunk.length;
		bounds.heldBytes += chunk.length;
		if (this.#bytes > bounds.maxBytes) this.fail(messageTooLarge(bounds.maxBytes));
		else if (bounds.heldBytes > bounds.maxHeldBytes) this.fail(tooMuchHeld());
		else if (this.#first === undefined) this.#first = chunk;
		else if (this.#rest === undefined) this.#rest = [this.#first, chunk];
		else this.#rest.push(chunk);
	}

	#finish(): void {
		if (this.#over) return;
		const bytes = this.#rest === undefined ? this.#first : Buffer.concat(this.#rest, this.#bytes);
		this.#leave();
		try {
			const text = bytes === undefined ? "" : readText(bytes, this.#encoding, this.#bounds.maxBytes);
			this.#resolve(this.#decode(text));
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

/** Whether all of a body waits to be read; in HTTP/2 nobody can tell. */
export function hasArrived(request: Request): boolean {
	return request.httpVersionMajor === 1 && request.complete;
}

/**
 * The text of a body that has arrived.
 *
 * @param encoding that of the body, one that is read.
 * @throws ServiceError when it is too large, or no text.
 */
export function readArrived(request: Request, encoding: string | undefined, maxBytes: number): string {
	const bytes = readAll(request);
	if (bytes === null) return "";
	if (bytes.length > maxBytes) throw messageTooLarge(maxBytes);
	return readText(bytes, encoding, maxBytes);
}

/**
 * The text of bytes that came in an encoding.
 *
 * @throws ServiceError when it is larger than allowed, or no text.
 */
export function readText(bytes: Buffer, encoding: string | undefined, maxBytes: number): string {
	const plain = decodeContent(bytes, encoding, maxBytes);
	if (!isUtf8(plain)) throw notUtf8();
	return plain.toString("utf8");
}

function tooMuchHeld(): ServiceError {
	const message = "too many bodies are under way; try again later";
	return new ServiceError({ code: "resource_exhausted", message, retryAfterMs: 1_000 });
}

/** The error of text that is none. */
export function notUtf8(): ServiceError {
	return new ServiceError({
		code: "invalid_argument",
		reason: "unparsable",
		message: "the message is not UTF-8",
	});
}

function nothing(): void {}

import { isUtf8 } from "node:buffer";
import { ServiceError } from "@allium/core";
import { canceled, messageTooLarge } from "@allium/core/transport";
import type { Overdue } from "../server/overdue.ts";
import type { Request } from "./request-head.ts";

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
 * Reads a body that is one message, as text. Stops at the limit and holds no more than that.
 * Rejects with `ServiceError` only.
 */
export function readBody(
	request: Request,
	contentLength: number | undefined,
	bounds: BodyBounds,
): Promise<string> {
	if (contentLength !== undefined && contentLength > bounds.maxBytes) {
		return Promise.reject(messageTooLarge(bounds.maxBytes));
	}
	return new Promise((resolve, reject) => {
		new Body(request, bounds, resolve, reject);
	});
}

class Body implements PendingBody {
	readonly #request: Request;
	readonly #bounds: BodyBounds;
	readonly #resolve: (text: string) => void;
	readonly #reject: (error: unknown) => void;
	#first: Buffer | undefined;
	#rest: Buffer[] | undefined;
	#bytes = 0;

	constructor(
		request: Request,
		bounds: BodyBounds,
		resolve: (text: string) => void,
		reject: (error: unknown) => void,
	) {
		this.#request = request;
		this.#bounds = bounds;
		this.#resolve = resolve;
		this.#reject = reject;
		bounds.pending.add(this);
		request.on("data", this.#onData).on("end", this.#onEnd).on("error", this.#onBroken);
		request.on("close", this.#onBroken);
	}

	expire(): void {
		this.#leave();
		this.#reject(
			new ServiceError({
				code: "deadline_exceeded",
				reason: "body_timeout",
				message: `the body did not arrive within ${this.#bounds.timeoutMs} ms`,
			}),
		);
	}

	readonly #onData = (chunk: Buffer): void => {
		const bounds = this.#bounds;
		this.#bytes += chunk.length;
		bounds.heldBytes += chunk.length;
		if (this.#bytes > bounds.maxBytes) {
			this.#leave();
			this.#reject(messageTooLarge(bounds.maxBytes));
		} else if (bounds.heldBytes > bounds.maxHeldBytes) {
			this.#leave();
			this.#reject(tooMuchHeld());
		} else if (this.#first === undefined) this.#first = chunk;
		else if (this.#rest === undefined) this.#rest = [this.#first, chunk];
		else this.#rest.push(chunk);
	};

	readonly #onEnd = (): void => {
		const bytes = this.#rest === undefined ? this.#first : Buffer.concat(this.#rest, this.#bytes);
		this.#leave();
		if (bytes === undefined) this.#resolve("");
		else if (isUtf8(bytes)) this.#resolve(bytes.toString("utf8"));
		else this.#reject(notUtf8());
	};

	readonly #onBroken = (): void => {
		this.#leave();
		this.#reject(canceled());
	};

	#leave(): void {
		this.#bounds.pending.delete(this);
		this.#bounds.heldBytes -= this.#bytes;
		this.#bytes = 0;
		const request = this.#request;
		request.removeListener("data", this.#onData).removeListener("end", this.#onEnd);
		// The listener to "error" stays: a request may break once more.
		request.removeListener("close", this.#onBroken);
	}
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

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

/** What bounds a body. */
export interface BodyBounds {
	readonly maxBytes: number;
	readonly timeoutMs: number;
	readonly pending: Overdue<PendingBody>;
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
		this.#bytes += chunk.length;
		if (this.#bytes > this.#bounds.maxBytes) {
			this.#leave();
			this.#reject(messageTooLarge(this.#bounds.maxBytes));
		} else if (this.#first === undefined) this.#first = chunk;
		else if (this.#rest === undefined) this.#rest = [this.#first, chunk];
		else this.#rest.push(chunk);
	};

	readonly #onEnd = (): void => {
		this.#leave();
		const bytes = this.#rest === undefined ? this.#first : Buffer.concat(this.#rest, this.#bytes);
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
		const request = this.#request;
		request.removeListener("data", this.#onData).removeListener("end", this.#onEnd);
		// The listener to "error" stays: a request may break once more.
		request.removeListener("close", this.#onBroken);
	}
}

/** The error of text that is none. */
export function notUtf8(): ServiceError {
	return new ServiceError({
		code: "invalid_argument",
		reason: "unparsable",
		message: "the message is not UTF-8",
	});
}

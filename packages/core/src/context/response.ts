import type { ReadonlyMetadata } from "../errors/readonly-metadata.ts";
import { Metadata } from "./metadata.ts";

/**
 * The metadata of a reply. A handler writes `ctx.response`; a caller hands a fresh one to
 * `ctx.withResponse()` and reads it after the call.
 */
export class ResponseMetadata {
	#headers: Metadata | undefined;
	#trailers: Metadata | undefined;

	/** Sent before the first message. Writing them later has no effect. */
	get headers(): Metadata {
		this.#headers ??= new Metadata();
		return this.#headers;
	}

	/** Sent after the last message. */
	get trailers(): Metadata {
		this.#trailers ??= new Metadata();
		return this.#trailers;
	}

	/** Whether a header was written. It does not make the set. */
	get hasHeaders(): boolean {
		return this.#headers !== undefined && this.#headers.size > 0;
	}

	/** Whether a trailer was written. It does not make the set. */
	get hasTrailers(): boolean {
		return this.#trailers !== undefined && this.#trailers.size > 0;
	}

	/** @internal Forgets the received metadata, because the next attempt of the same call starts over. */
	"~clear"(): void {
		this.#headers = undefined;
		this.#trailers = undefined;
	}

	/** @internal Adds what arrived, as far as there is room: several calls may share this object. */
	"~receive"(part: "headers" | "trailers", metadata: ReadonlyMetadata): void {
		try {
			for (const [name, value] of metadata) this[part].append(name, value);
		} catch {
			// Full.
		}
	}

	/** @internal Takes the metadata of another: of several attempts at once, one becomes the result of the call. */
	"~adopt"(other: ResponseMetadata): void {
		this.#headers = other.#headers;
		this.#trailers = other.#trailers;
	}
}

import type { ReadonlyMetadata } from "../errors/readonly-metadata.ts";
import { Metadata } from "./metadata.ts";

/**
 * The metadata of a reply. A handler writes `ctx.response`; a caller hands a fresh one to
 * `ctx.withResponse()` and reads it after the call.
 */
export class ResponseMetadata {
	#headers: Metadata | undefined;
	#trailers: Metadata | undefined;

	/** Goes out before the first message. Writing it later has no effect. */
	get headers(): Metadata {
		this.#headers ??= new Metadata();
		return this.#headers;
	}

	/** Goes out after the last message. */
	get trailers(): Metadata {
		this.#trailers ??= new Metadata();
		return this.#trailers;
	}

	/** Whether anybody wrote a header, without making the set. */
	get hasHeaders(): boolean {
		return this.#headers !== undefined && this.#headers.size > 0;
	}

	/** Whether anybody wrote a trailer, without making the set. */
	get hasTrailers(): boolean {
		return this.#trailers !== undefined && this.#trailers.size > 0;
	}

	/** @internal Forgets what was received: the next attempt of the same call begins anew. */
	"~clear"(): void {
		this.#headers = undefined;
		this.#trailers = undefined;
	}

	/** @internal Takes in what arrived: as much as there is room for, where several calls share this. */
	"~receive"(part: "headers" | "trailers", metadata: ReadonlyMetadata): void {
		try {
			for (const [name, value] of metadata) this[part].append(name, value);
		} catch {
			// Full.
		}
	}

	/** @internal Takes over what another received: of several attempts at once, one is the call's. */
	"~adopt"(other: ResponseMetadata): void {
		this.#headers = other.#headers;
		this.#trailers = other.#trailers;
	}
}

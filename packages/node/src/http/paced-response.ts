import type { Place } from "@allium/core/transport";
import { http2 } from "../platform/builtins.ts";
import type { Overdue } from "../server/overdue.ts";
import type { Response } from "./response.ts";
import { ResponseLayer } from "./response-layer.ts";

/** A large answer goes out in pieces, so that it shows whether its client takes any of it, in bytes. */
const pieceBytes = 64 * 1024;

/**
 * A response of HTTP/2 whose client has to take something of it within a time. A client may read its connection,
 * and give room for none of the answer: to the connection nothing is wrong with that.
 */
export class PacedResponse extends ResponseLayer {
	readonly #pending: Overdue<PacedResponse>;
	#place: Place | undefined;
	/** What is still to be handed over of the answer, which ends with it. */
	#rest: Buffer | undefined;

	/** @param pending the responses that wait for their clients. It cuts those that wait too long. */
	constructor(inner: Response, pending: Overdue<PacedResponse>) {
		super(inner);
		this.#pending = pending;
	}

	override write(chunk: Buffer): boolean {
		const isTaken = this.inner.write(chunk);
		if (!isTaken) this.#wait();
		return isTaken;
	}

	override end(chunk?: string | Buffer): unknown {
		this.#wait();
		if (chunk === undefined || chunk.length <= pieceBytes) return this.inner.end(chunk);
		this.#rest = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
		this.#handOver();
		return this;
	}

	/** Ends it, as its client takes nothing of it. */
	cut(): void {
		this.inner.stream?.close(http2().constants.NGHTTP2_CANCEL);
	}

	/** From now on the client has its time to take something. */
	#wait(): void {
		if (this.#place === undefined) {
			this.inner.on("drain", () => this.#goOn());
			this.inner.once("close", () => this.#place?.leave());
		} else this.#place.leave();
		this.#place = this.#pending.add(this);
	}

	/** The client has taken what was written. */
	#goOn(): void {
		if (this.#rest === undefined) this.#place?.leave();
		else {
			this.#wait();
			this.#handOver();
		}
	}

	#handOver(): void {
		for (let rest = this.#rest; rest !== undefined; rest = this.#rest) {
			const piece = rest.subarray(0, pieceBytes);
			if (rest.length === piece.length) {
				this.#rest = undefined;
				this.inner.end(piece);
			} else {
				this.#rest = rest.subarray(pieceBytes);
				if (!this.inner.write(piece)) return;
			}
		}
	}
}

import type { OutgoingHttpHeaders } from "node:http";
import type { Http2ServerResponse, ServerHttp2Stream } from "node:http2";
import type { Place } from "@allium/core/transport";
import { http2 } from "../platform/builtins.ts";
import type { Overdue } from "../server/overdue.ts";
import type { EarlyAnswers } from "./early-answers.ts";
import type { HttpResponse } from "./http-response.ts";
import type { Http2Request } from "./http2-request.ts";

/** The size of the pieces of a large answer, in bytes. The pieces show whether the client takes any of it. */
const pieceBytes = 64 * 1024;

/**
 * The answer to a request of HTTP/2, which Node writes. Its client must take some of it within a given time. A client
 * may read its connection and still grant no window for the answer; the check of the connection does not notice that.
 */
export class Http2Response implements HttpResponse {
	readonly original: Http2ServerResponse;
	readonly #request: Http2Request;
	readonly #stream: ServerHttp2Stream;
	readonly #unread: Overdue<Http2Response>;
	#place: Place | undefined;
	/** The rest of the answer that has not been handed over. The answer ends with it. */
	#rest: Uint8Array | undefined;

	/** @param unread the responses that wait for their clients. It cuts responses that wait too long. */
	constructor(
		request: Http2Request,
		original: Http2ServerResponse,
		early: EarlyAnswers,
		unread: Overdue<Http2Response>,
	) {
		this.#request = request;
		this.original = original;
		this.#stream = original.stream;
		this.#unread = unread;
		// The response reports its end only after the request has ended, too. Its stream reports it at once.
		if (!request.isComplete) this.#stream.once("finish", () => early.answered(request));
	}

	get status(): number {
		return this.original.statusCode;
	}

	get isHeadSent(): boolean {
		return this.original.headersSent;
	}

	get isDelivered(): boolean {
		return this.#stream.rstCode === 0 && !this.#stream.aborted;
	}

	get isClosed(): boolean {
		return this.original.destroyed;
	}

	writeHead(status: number, headers: OutgoingHttpHeaders): void {
		this.original.writeHead(status, headers);
	}

	/**
	 * Ends the stream with a single frame of headers. After `writeHead`, Node would send an empty frame of data as
	 * well.
	 */
	endWithHead(status: number, headers: OutgoingHttpHeaders): void {
		this.original.statusCode = status;
		for (const [name, value] of Object.entries(headers)) {
			if (value !== undefined)
				this.original.setHeader(name, typeof value === "number" ? String(value) : value);
		}
		this.#wait();
		this.original.end();
	}

	answer(status: number, headers: OutgoingHttpHeaders, body: string | Uint8Array): void {
		headers["content-length"] = Buffer.byteLength(body);
		this.writeHead(status, headers);
		this.end(body);
	}

	/** `writeHead` has sent the head. */
	flushHead(): void {}

	write(chunk: Uint8Array): boolean {
		// Node accepts no body for a HEAD, not even an empty one.
		if (this.#request.method === "HEAD") return true;
		const isTaken = this.original.write(chunk);
		if (!isTaken) this.#wait();
		return isTaken;
	}

	addTrailers(trailers: OutgoingHttpHeaders): void {
		this.original.addTrailers(trailers);
	}

	end(last?: string | Uint8Array): void {
		this.#wait();
		if (last === undefined || this.#request.method === "HEAD") this.original.end();
		else if (last.length <= pieceBytes) this.original.end(last);
		else {
			this.#rest = typeof last === "string" ? Buffer.from(last) : last;
			this.#handOver();
		}
	}

	destroy(): void {
		this.original.destroy();
	}

	refuse(): void {
		this.#stream.close(http2().constants.NGHTTP2_ENHANCE_YOUR_CALM);
	}

	/** Ends it, because its client takes none of it. */
	cut(): void {
		this.#stream.close(http2().constants.NGHTTP2_CANCEL);
	}

	onClose(listener: () => void): void {
		this.original.on("close", listener);
	}

	onDrain(listener: () => void): void {
		this.original.on("drain", listener);
	}

	/** Starts the time within which the client must take something. */
	#wait(): void {
		if (this.#place === undefined) {
			this.original.on("drain", () => this.#afterDrain());
			this.original.once("close", () => this.#place?.leave());
		} else this.#place.leave();
		this.#place = this.#unread.add(this);
	}

	/** The client has taken everything that was written. */
	#afterDrain(): void {
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
				this.original.end(piece);
			} else {
				this.#rest = rest.subarray(pieceBytes);
				if (!this.original.write(piece)) return;
			}
		}
	}
}

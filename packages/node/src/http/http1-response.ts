import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { EarlyAnswers } from "./early-answers.ts";
import type { HttpResponse } from "./http-response.ts";
import type { Http1Request } from "./http1-request.ts";

/**
 * The answer to a request of HTTP/1.1, which Node writes. When the connection ends with the answer and the request is
 * incomplete, the end waits for the rest of the request. Otherwise a client that still writes would get a reset, and
 * lose the answer.
 */
export class Http1Response implements HttpResponse {
	readonly original: ServerResponse;
	readonly #request: Http1Request;
	readonly #early: EarlyAnswers;
	/** Whether the connection ends with this answer. */
	#isLast: boolean;

	constructor(request: Http1Request, original: ServerResponse, early: EarlyAnswers) {
		this.#request = request;
		this.original = original;
		this.#early = early;
		this.#isLast = original.shouldKeepAlive === false;
		if (!request.isComplete) original.once("finish", () => early.answered(request));
	}

	get status(): number {
		return this.original.statusCode;
	}

	get isHeadSent(): boolean {
		return this.original.headersSent;
	}

	get isDelivered(): boolean {
		return this.original.writableFinished;
	}

	get isClosed(): boolean {
		return this.original.destroyed;
	}

	writeHead(status: number, headers: OutgoingHttpHeaders): void {
		this.#isLast ||= headers.connection === "close";
		this.original.writeHead(status, headers);
	}

	endWithHead(status: number, headers: OutgoingHttpHeaders): void {
		this.writeHead(status, headers);
		this.end();
	}

	answer(status: number, headers: OutgoingHttpHeaders, body: string | Uint8Array): void {
		headers["content-length"] = Buffer.byteLength(body);
		this.writeHead(status, headers);
		this.end(body);
	}

	flushHead(): void {
		this.original.flushHeaders();
	}

	write(chunk: Uint8Array): boolean {
		return this.#request.method === "HEAD" || this.original.write(chunk);
	}

	addTrailers(trailers: OutgoingHttpHeaders): void {
		this.original.addTrailers(trailers);
	}

	end(last?: string | Uint8Array): void {
		// The answer to a HEAD has the head of a GET, and no body.
		const body = this.#request.method === "HEAD" ? undefined : last;
		if (!this.#isLast || this.#request.isComplete) this.original.end(body);
		else this.#endLate(body);
	}

	destroy(): void {
		this.original.destroy();
	}

	refuse(): void {
		this.original.destroy();
	}

	onClose(listener: () => void): void {
		this.original.on("close", listener);
	}

	onDrain(listener: () => void): void {
		this.original.on("drain", listener);
	}

	#endLate(body: string | Uint8Array | undefined): void {
		if (body !== undefined && body.length > 0) this.original.write(body);
		this.#early.awaitEnd(this.#request, () => this.original.end());
	}
}

import type { OutgoingHttpHeaders } from "node:http";
import type { HttpResponse } from "./http-response.ts";

/**
 * A response that wraps another one and passes everything on to it. A layer extends this class to add to every answer;
 * `addHeaders` is the place for headers.
 */
export class ResponseLayer implements HttpResponse {
	protected readonly inner: HttpResponse;

	constructor(inner: HttpResponse) {
		this.inner = inner;
	}

	/** Adds to the headers of every answer. */
	protected addHeaders(_headers: OutgoingHttpHeaders): void {}

	get status(): number {
		return this.inner.status;
	}

	get isHeadSent(): boolean {
		return this.inner.isHeadSent;
	}

	get isDelivered(): boolean {
		return this.inner.isDelivered;
	}

	get isClosed(): boolean {
		return this.inner.isClosed;
	}

	get original(): HttpResponse["original"] {
		return this.inner.original;
	}

	writeHead(status: number, headers: OutgoingHttpHeaders): void {
		this.addHeaders(headers);
		this.inner.writeHead(status, headers);
	}

	endWithHead(status: number, headers: OutgoingHttpHeaders): void {
		this.addHeaders(headers);
		this.inner.endWithHead(status, headers);
	}

	answer(status: number, headers: OutgoingHttpHeaders, body: string | Uint8Array): void {
		this.addHeaders(headers);
		this.inner.answer(status, headers, body);
	}

	flushHead(): void {
		this.inner.flushHead();
	}

	write(chunk: Uint8Array): boolean {
		return this.inner.write(chunk);
	}

	addTrailers(trailers: OutgoingHttpHeaders): void {
		this.inner.addTrailers(trailers);
	}

	end(last?: string | Uint8Array): void {
		this.inner.end(last);
	}

	destroy(): void {
		this.inner.destroy();
	}

	refuse(): void {
		this.inner.refuse();
	}

	onClose(listener: () => void): void {
		this.inner.onClose(listener);
	}

	onDrain(listener: () => void): void {
		this.inner.onDrain(listener);
	}
}

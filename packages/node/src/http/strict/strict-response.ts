import type { OutgoingHttpHeaders } from "node:http";
import type { EarlyAnswers } from "../early-answers.ts";
import type { HttpResponse } from "../http-response.ts";
import { AnswerHead, type StandingLines, trailerLines } from "./answer-head.ts";
import type { StrictRequest } from "./strict-request.ts";

/** The connection on which an answer leaves. */
export interface AnswerFlow {
	readonly lines: StandingLines;
	readonly early: EarlyAnswers;
	/** Whether the client must read before more is sent, when this many bytes wait here. */
	isFull(bytes: number): boolean;
	/** Sends text as latin1, or bytes, in one write. Returns false when the client must read first. */
	send(...parts: readonly (string | Uint8Array)[]): boolean;
	/** Sends the last parts of an answer in one write, and tells when they have left. */
	sendLast(...parts: readonly (string | Uint8Array)[]): void;
	/** Flushes the answer when this turn is over. */
	flushSoon(): void;
	/** Ends the connection. */
	cut(): void;
}

/**
 * Parts below this size, in bytes, are copied into one piece with their framing, because that costs less than another
 * write.
 */
const copiedBytes = 16 * 1024;

/**
 * The answer to a request that the strict reader has read. When the connection ends with the answer and the request is
 * incomplete, the end waits for the rest of the request. Otherwise a client that still writes would get a reset, and
 * lose the answer.
 */
export class StrictResponse implements HttpResponse {
	readonly request: StrictRequest;
	readonly #flow: AnswerFlow;
	#head: AnswerHead | undefined;
	#isHeadOut = false;
	/** Parts of the body that go out when this turn is over, in one chunk. */
	#parts: Uint8Array[] | undefined;
	#partBytes = 0;
	/** How many bytes of the body were given. */
	#bytes = 0;
	/** Somebody waits until the client has read. */
	#awaitsDrain = false;
	#trailers = "";
	#isEnded = false;
	#isClosed = false;
	#isDelivered = false;
	#onClose: (() => void) | undefined;
	#onDrain: (() => void) | undefined;

	constructor(request: StrictRequest, flow: AnswerFlow) {
		this.request = request;
		this.#flow = flow;
	}

	get status(): number {
		return this.#head?.status ?? 200;
	}

	get isHeadSent(): boolean {
		return this.#head !== undefined;
	}

	get isDelivered(): boolean {
		return this.#isDelivered;
	}

	get isClosed(): boolean {
		return this.#isClosed;
	}

	/** Whether the connection ends with this answer. */
	get isLast(): boolean {
		return this.#head?.closes ?? this.request.closes;
	}

	writeHead(status: number, headers: OutgoingHttpHeaders, length?: number): void {
		if (this.#head !== undefined) throw new TypeError("the head of an answer is given once");
		const { method, closes } = this.request;
		this.#head = new AnswerHead(status, headers, length, this.#flow.lines, method === "HEAD", closes);
	}

	endWithHead(status: number, headers: OutgoingHttpHeaders): void {
		this.writeHead(status, headers);
		this.end();
	}

	answer(status: number, headers: OutgoingHttpHeaders, body: string | Uint8Array): void {
		const bytes = Buffer.byteLength(body);
		this.writeHead(status, headers, bytes);
		this.#end(body, bytes);
	}

	flushHead(): void {
		this.#needHead();
		if (!this.#isHeadOut && !this.#isEnded && !this.#isClosed) this.#flow.flushSoon();
	}

	write(chunk: Uint8Array): boolean {
		if (this.#isEnded || this.#isClosed) return false;
		const { hasBody } = this.#needHead();
		if (!hasBody || chunk.length === 0) return true;
		if (!this.#counts(chunk.length)) return false;
		this.#add(chunk);
		this.#flow.flushSoon();
		const isFull = this.#flow.isFull(this.#partBytes);
		this.#awaitsDrain ||= isFull;
		return !isFull;
	}

	/** Sends the parts that were given in this turn. */
	flush(): void {
		if (this.#isEnded || this.#isClosed) return;
		const [prefix, suffix] = this.#frame(this.#partBytes);
		const parts = this.#takeParts();
		if (prefix === "" && parts.length === 0) return;
		if (this.#flow.send(...framed(prefix, parts, suffix))) this.drained();
	}

	addTrailers(trailers: OutgoingHttpHeaders): void {
		this.#trailers += trailerLines(trailers);
	}

	end(last?: string | Uint8Array): void {
		this.#end(last, last === undefined ? 0 : Buffer.byteLength(last));
	}

	destroy(): void {
		if (!this.#isClosed) this.#flow.cut();
	}

	refuse(): void {
		this.destroy();
	}

	onClose(listener: () => void): void {
		this.#onClose = both(this.#onClose, listener);
	}

	onDrain(listener: () => void): void {
		this.#onDrain = both(this.#onDrain, listener);
	}

	/** The client has read all sent bytes. */
	drained(): void {
		if (!this.#awaitsDrain || this.#isEnded) return;
		this.#awaitsDrain = false;
		this.#onDrain?.();
	}

	/** The answer has left, or the connection has ended. */
	closed(isDelivered: boolean): void {
		if (this.#isClosed) return;
		this.#isClosed = true;
		this.#isDelivered = isDelivered;
		this.#onClose?.();
	}

	/** @param bytes the length of the last part. */
	#end(last: string | Uint8Array | undefined, bytes: number): void {
		if (this.#isEnded || this.#isClosed) return;
		const body = this.#needHead().hasBody && bytes > 0 ? last : undefined;
		if (this.isLast && !this.request.isComplete) this.#finishLate(body);
		else if (body === undefined) this.#finish(undefined, 0);
		else this.#finish(body, bytes);
	}

	#finishLate(body: string | Uint8Array | undefined): void {
		if (body === undefined) this.flushHead();
		else this.write(bytesOf(body));
		this.#flow.early.awaitEnd(this.request, () => this.#finish(undefined, 0));
	}

	#finish(body: string | Uint8Array | undefined, bytes: number): void {
		if (this.#isEnded || this.#isClosed) return;
		const { isChunked, length } = this.#needHead();
		this.#isEnded = true;
		if (!this.#counts(bytes)) return;
		if (length !== undefined && this.#bytes < length) {
			// The client would take the next answer for the rest of this one.
			this.#flow.cut();
			return;
		}
		const end = isChunked ? `0\r\n${this.#trailers}\r\n` : "";
		if (body !== undefined && this.#parts !== undefined) this.#add(bytesOf(body));
		if (this.#parts !== undefined || body === undefined) {
			const [prefix, suffix] = this.#frame(this.#partBytes);
			this.#flow.sendLast(...framed(prefix, this.#takeParts(), suffix + end));
			return;
		}
		const [prefix, suffix] = this.#frame(bytes);
		// Text of as many bytes as characters is ASCII.
		if (typeof body === "string" && bytes === body.length) this.#flow.sendLast(prefix + body + suffix + end);
		else this.#flow.sendLast(...framed(prefix, [bytesOf(body)], suffix + end));
	}

	/** Counts bytes of the body. More than the head promised would be taken for the next answer. */
	#counts(bytes: number): boolean {
		this.#bytes += bytes;
		const { length } = this.#needHead();
		if (length === undefined || this.#bytes <= length) return true;
		this.#flow.cut();
		return false;
	}

	#needHead(): AnswerHead {
		if (this.#head === undefined) this.writeHead(200, {});
		return this.#head as AnswerHead;
	}

	/** The text of the head, once. */
	#takeHead(): string {
		const { text } = this.#needHead();
		if (this.#isHeadOut) return "";
		this.#isHeadOut = true;
		return text;
	}

	#add(part: Uint8Array): void {
		if (this.#parts === undefined) this.#parts = [part];
		else this.#parts.push(part);
		this.#partBytes += part.length;
	}

	#takeParts(): readonly Uint8Array[] {
		const parts = this.#parts ?? noParts;
		this.#parts = undefined;
		this.#partBytes = 0;
		return parts;
	}

	/** The text before and after this many bytes of the body. */
	#frame(bytes: number): readonly [prefix: string, suffix: string] {
		const head = this.#takeHead();
		if (bytes === 0 || !this.#needHead().isChunked) return [head, ""];
		return [`${head}${bytes.toString(16)}\r\n`, "\r\n"];
	}
}

const noParts: readonly Uint8Array[] = [];

/** Parts as one piece, unless that copies too much. */
function framed(
	prefix: string,
	parts: readonly Uint8Array[],
	suffix: string,
): readonly (string | Uint8Array)[] {
	if (parts.length === 0) return [prefix + suffix];
	const size = parts.reduce((sum, { length }) => sum + length, prefix.length + suffix.length);
	if (size > copiedBytes) return [prefix, ...parts, suffix].filter(({ length }) => length > 0);
	const bytes = Buffer.allocUnsafe(size);
	let at = bytes.write(prefix, 0, "latin1");
	for (const part of parts) {
		bytes.set(part, at);
		at += part.length;
	}
	bytes.write(suffix, at, "latin1");
	return [bytes];
}

function bytesOf(part: string | Uint8Array): Uint8Array {
	return typeof part === "string" ? Buffer.from(part) : part;
}

function both(first: (() => void) | undefined, second: () => void): () => void {
	if (first === undefined) return second;
	return () => {
		first();
		second();
	};
}

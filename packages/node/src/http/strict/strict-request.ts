import type { PeerInfo } from "@allium/core";
import type { LateRequest } from "../early-answers.ts";
import { type BodyReader, headerOf } from "../http-request.ts";
import type { KnownHead } from "../known-head.ts";
import type { UnsettledRequest } from "../request-target.ts";
import type { StrictHead } from "./strict-head.ts";

/** The connection on which the body of a request arrives. */
export interface BodyFlow {
	readonly isSecure: boolean;
	/** Counts bytes that wait here for their reader. With too many of them, the connection is not read. */
	hold(bytes: number): void;
	/** Ends the connection. */
	cut(): void;
}

/** A request that the strict reader has read. Its body is held until somebody reads it. */
export class StrictRequest implements UnsettledRequest, LateRequest {
	readonly method: string;
	target: string;
	path = "";
	authority: string | undefined = undefined;
	readonly peer: PeerInfo;
	/** Whether the client wants the connection to end with the answer. */
	readonly closes: boolean;
	readonly contentLength: number;
	readonly #flow: BodyFlow;
	readonly #head: StrictHead;
	/** Headers that a layer may change. The connection keeps the head. */
	#rawHeaders: string[] | undefined;
	/** How many bytes of the body have not arrived. */
	#missing: number;
	/** The part of the body that waits for a reader. Most bodies come in one piece. */
	#first: Buffer | undefined;
	#more: Buffer[] | undefined;
	#held = 0;
	#reader: BodyReader | undefined;
	/** Nobody wants the body, so that what no reader takes is dropped. */
	#isDiscarded = false;
	#isPaused = false;
	/** The connection ended before the request did. */
	#isBroken = false;
	/** The reader has been told that the body is over. */
	#isOver = false;
	#onEnd: (() => void) | undefined;

	constructor(head: StrictHead, peer: PeerInfo, flow: BodyFlow) {
		this.method = head.method;
		this.target = head.target;
		this.#head = head;
		this.closes = head.closes;
		this.contentLength = head.contentLength;
		this.peer = peer;
		this.#flow = flow;
		this.#missing = head.contentLength;
	}

	get rawHeaders(): string[] {
		this.#rawHeaders ??= this.#head.rawHeaders.slice();
		return this.#rawHeaders;
	}

	get known(): KnownHead | undefined {
		return this.#rawHeaders === undefined ? this.#head : undefined;
	}

	get version(): 1 {
		return 1;
	}

	get load(): undefined {
		return undefined;
	}

	get upgradeSocket(): undefined {
		return undefined;
	}

	get isSecure(): boolean {
		return this.#flow.isSecure;
	}

	get hasBody(): boolean {
		return this.contentLength > 0;
	}

	get hasArrived(): boolean {
		return this.#missing === 0;
	}

	get isComplete(): boolean {
		return this.#missing === 0 || this.#isBroken;
	}

	header(name: string): string | undefined {
		return headerOf(this.#rawHeaders ?? this.#head.rawHeaders, name);
	}

	/** Takes the bytes of the body from the bytes that arrived. Returns the offset of the rest. */
	receive(bytes: Buffer, from: number): number {
		const end = Math.min(bytes.length, from + this.#missing);
		this.#missing -= end - from;
		const isWhole = from === 0 && end === bytes.length;
		this.#take(isWhole ? bytes : bytes.subarray(from, end));
		if (this.#missing === 0) this.#flush();
		return end;
	}

	/** Whether a part of the body waits here for a reader. */
	get isHeld(): boolean {
		return this.#first !== undefined;
	}

	/** The connection has ended. A body that is whole can be read all the same. */
	broken(): void {
		if (this.#isOver || (this.#missing === 0 && this.#reader === undefined)) return;
		this.#isOver = true;
		this.#isBroken = this.#missing > 0;
		this.#drop();
		this.#reader?.broken();
	}

	takeBody(): Buffer | undefined {
		if (this.#missing > 0) return undefined;
		const body =
			this.#more === undefined ? this.#first : Buffer.concat([this.#first as Buffer, ...this.#more]);
		this.#drop();
		return body ?? nothing;
	}

	/** The end of the body is always exact here. */
	readBody(reader: BodyReader): void {
		this.#reader = reader;
		if (this.#isBroken) process.nextTick(() => reader.broken());
		else this.#flushSoon();
	}

	pause(): void {
		this.#isPaused = true;
	}

	resume(): void {
		this.#isPaused = false;
		this.#flushSoon();
	}

	discard(): void {
		this.#isDiscarded = true;
		this.resume();
	}

	onEnd(listener: () => void): void {
		this.#onEnd = listener;
	}

	cutShort(): void {
		if (!this.isComplete) this.#flow.cut();
	}

	#take(chunk: Buffer): void {
		if (this.#first === undefined && !this.#isPaused) {
			if (this.#reader !== undefined) {
				this.#reader.data(chunk);
				return;
			}
			if (this.#isDiscarded) return;
		}
		this.#held += chunk.length;
		this.#flow.hold(chunk.length);
		if (this.#first === undefined) this.#first = chunk;
		else if (this.#more === undefined) this.#more = [chunk];
		else this.#more.push(chunk);
	}

	#drop(): void {
		if (this.#first === undefined) return;
		this.#first = undefined;
		this.#more = undefined;
		this.#flow.hold(-this.#held);
		this.#held = 0;
	}

	#flushSoon(): void {
		process.nextTick(() => this.#flush());
	}

	/** Gives the reader the bytes that wait for it, and tells it the end. */
	#flush(): void {
		if (this.#isOver || this.#isPaused || (this.#reader === undefined && !this.#isDiscarded)) return;
		while (this.#first !== undefined && !this.#isPaused) {
			const chunk = this.#first;
			this.#first = this.#more?.shift();
			this.#held -= chunk.length;
			this.#flow.hold(-chunk.length);
			this.#reader?.data(chunk);
		}
		if (this.#isPaused || this.#missing > 0) return;
		this.#isOver = true;
		this.#reader?.end();
		this.#onEnd?.();
	}
}

const nothing: Buffer = Buffer.alloc(0);

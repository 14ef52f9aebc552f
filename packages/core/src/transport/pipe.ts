import type { PeerInfo } from "../context/context.ts";

/** What a pipe tells its owner. */
export interface PipeHandler {
	/** Bytes arrived. They may be read until this returns, or kept: the pipe does not write to them again. */
	data(bytes: Uint8Array): void;
	/** The pipe takes more, after a `write` that returned false. */
	drain(): void;
	/** The pipe is gone; called exactly once, with the reason unless it ended in order. */
	closed(error?: Error): void;
}

/** A bounded duplex of bytes that frames run over: TCP, TLS, WebSocket, memory, a simulated network. */
export interface Pipe {
	/** Who is at the other end. */
	readonly peer: PeerInfo;
	/** How this platform handles bytes fastest. Default: the standard's own encoders. */
	readonly bytes?: ByteHandling;
	/** Begins to deliver. Called once, before anything else. */
	start(handler: PipeHandler): void;
	/** Sends bytes, which belong to the pipe from now on. False when its buffer is full: wait for `drain`. */
	write(bytes: Uint8Array): boolean;
	/**
	 * Calls `flush` soon, so that what is written meanwhile goes out in one piece; or at once, where waiting
	 * would only cost time because nothing else is under way (`idle`). Behind a message of a stream there may be
	 * `more` in a moment.
	 */
	schedule(flush: () => void, idle: boolean, more: boolean): void;
	/** Ends the pipe in order, after what was written. */
	end(): void;
	/** Ends the pipe at once. */
	destroy(): void;
}

/** The ways to and from bytes that a platform may do faster than the standard. */
export interface ByteHandling {
	allocate(size: number): Uint8Array;
	/** Writes text as UTF-8 at an offset where three bytes for each UTF-16 unit are free. Returns how many it took. */
	writeText(target: Uint8Array, text: string, offset: number): number;
	/** What a text takes as UTF-8. */
	byteLength(text: string): number;
	/** Reads UTF-8; malformed bytes become U+FFFD. */
	readText(source: Uint8Array, start: number, end: number): string;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Up to so many bytes a loop is faster than calling the platform's encoders. */
const shortBytes = 48;

/** The standard's own encoders, which work everywhere, and short cuts for short ASCII. */
export const standardBytes: ByteHandling = {
	allocate: (size) => new Uint8Array(size),
	writeText(target, text, offset) {
		if (text.length <= shortBytes && writeAscii(target, text, offset)) return text.length;
		return encoder.encodeInto(text, target.subarray(offset)).written;
	},
	byteLength(text) {
		let bytes = text.length;
		for (let index = 0; index < text.length; index++) {
			// A pair of surrogates takes four bytes; one alone becomes U+FFFD, which takes three.
			const point = text.codePointAt(index) ?? 0;
			if (point > 0xffff) index++;
			if (point > 0x7f) bytes += point > 0x7ff ? 2 : 1;
		}
		return bytes;
	},
	readText(source, start, end) {
		const text = end - start <= shortBytes ? readAscii(source, start, end) : undefined;
		return text ?? decoder.decode(source.subarray(start, end));
	},
};

/** Whether it was ASCII, and is written. */
function writeAscii(target: Uint8Array, text: string, offset: number): boolean {
	for (let index = 0; index < text.length; index++) {
		const unit = text.charCodeAt(index);
		if (unit > 0x7f) return false;
		target[offset + index] = unit;
	}
	return true;
}

/** Undefined where the bytes are not ASCII. Four at a time, as it is adding to a string that costs. */
function readAscii(source: Uint8Array, start: number, end: number): string | undefined {
	let text = "";
	let seen = 0;
	let index = start;
	for (; index + 4 <= end; index += 4) {
		const [a, b] = [source[index] ?? 0, source[index + 1] ?? 0];
		const [c, d] = [source[index + 2] ?? 0, source[index + 3] ?? 0];
		seen |= a | b | c | d;
		text += String.fromCharCode(a, b, c, d);
	}
	for (; index < end; index++) {
		const unit = source[index] ?? 0;
		seen |= unit;
		text += String.fromCharCode(unit);
	}
	return seen > 0x7f ? undefined : text;
}

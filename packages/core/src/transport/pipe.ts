import type { PeerInfo } from "../context/context.ts";

/** Through this a pipe reports to its owner. */
export interface PipeHandler {
	/** Bytes arrived. They may be read until this returns, or kept: the pipe never writes to them again. */
	data(bytes: Uint8Array): void;
	/** The pipe accepts more, after a `write` that returned false. */
	drain(): void;
	/** The pipe is gone. Called exactly once, with the reason unless the pipe ended in order. */
	closed(error?: Error): void;
}

/** A bounded duplex of bytes that frames run over: TCP, TLS, WebSocket, memory, a simulated network. */
export interface Pipe {
	/** The process at the other end. */
	readonly peer: PeerInfo;
	/** The fastest way to handle bytes on this platform. Default: the standard's own encoders. */
	readonly bytes?: ByteHandling;
	/** Begins to deliver. Called once, before every other method. */
	start(handler: PipeHandler): void;
	/** Sends bytes, which belong to the pipe from now on. Returns false when its buffer is full: wait for `drain`. */
	write(bytes: Uint8Array): boolean;
	/**
	 * Calls `flush` soon, so that everything written in the meantime goes out in one piece. It calls at once, or when
	 * the running code has ended, where nothing else is in progress (`idle`), because waiting would only cost time.
	 * After a message of a stream, `more` messages may follow in a moment.
	 */
	schedule(flush: () => void, idle: boolean, more: boolean): void;
	/** Ends the pipe in order, after all written bytes. */
	end(): void;
	/** Ends the pipe at once. */
	destroy(): void;
}

/** Conversions to and from bytes that a platform may do faster than the standard. */
export interface ByteHandling {
	allocate(size: number): Uint8Array;
	/**
	 * Writes text as UTF-8 at an offset where three bytes for each UTF-16 unit are free. Returns the number of bytes
	 * written.
	 */
	writeText(target: Uint8Array, text: string, offset: number): number;
	/** The number of bytes of a text in UTF-8. */
	byteLength(text: string): number;
	/** Reads UTF-8; malformed bytes become U+FFFD. */
	readText(source: Uint8Array, start: number, end: number): string;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The number of bytes up to which a loop is faster than a call to the platform's encoders. */
const shortBytes = 48;

/** The standard's own encoders, which work everywhere, with short cuts for short ASCII. */
export const standardBytes: ByteHandling = {
	allocate: (size) => new Uint8Array(size),
	writeText(target, text, offset) {
		if (text.length <= shortBytes && writeAscii(target, text, offset)) return text.length;
		return encoder.encodeInto(text, target.subarray(offset)).written;
	},
	byteLength(text) {
		let bytes = text.length;
		for (let index = 0; index < text.length; index++) {
			// A surrogate pair takes four bytes. A lone surrogate becomes U+FFFD, which takes three.
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

/** Writes a text if it is ASCII. Returns whether it was. */
function writeAscii(target: Uint8Array, text: string, offset: number): boolean {
	for (let index = 0; index < text.length; index++) {
		const unit = text.charCodeAt(index);
		if (unit > 0x7f) return false;
		target[offset + index] = unit;
	}
	return true;
}

/**
 * Reads ASCII; undefined where the bytes are not ASCII. It reads four bytes at a time, because appending to a string
 * is the expensive part.
 */
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

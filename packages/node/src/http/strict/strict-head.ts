import { http } from "../../platform/builtins.ts";
import type { KnownHead } from "../known-head.ts";
import { byteClasses, inMethod, inTarget, inToken, inValue } from "./byte-classes.ts";

/** Why a head is outside of the subset. */
export type Departure = (typeof departures)[number];

/** A head that keeps to the subset. */
export interface StrictHead extends KnownHead {
	readonly method: string;
	/** In origin form. */
	readonly target: string;
	/** The length of the body in bytes. */
	readonly contentLength: number;
	/** Whether the client wants the connection to end with the answer. */
	readonly closes: boolean;
	/** All bytes of the head, as latin1. */
	readonly text: string;
}

const departures = [
	"method",
	"target",
	"version",
	"header_name",
	"header_value",
	"line_end",
	"host",
	"connection",
	"content_length",
	"transfer_encoding",
	"expect",
	"upgrade",
	"trailer",
	"size",
] as const;

/** The most headers of one head: half of what Node takes. */
const mostHeaders = 500;

/** A trace's id, which differs from request to request, is longer than this. */
const sampleStride = 16;

const tab = 0x09;
const lf = 0x0a;
const cr = 0x0d;
const space = 0x20;
const slash = 0x2f;
const colon = 0x3a;

const methods: ReadonlySet<string> = new Set(http.METHODS.filter((method) => method !== "CONNECT"));
/** The beginnings of all methods. */
const methodBeginnings: ReadonlySet<string> = new Set(
	[...methods].flatMap((method) =>
		Array.from({ length: method.length + 1 }, (_, length) => method.slice(0, length)),
	),
);

const version = Buffer.from("HTTP/1.1\r\n");
const post = Buffer.from("POST ");
const get = Buffer.from("GET ");

const names = {
	host: Buffer.from("host"),
	expect: Buffer.from("expect"),
	upgrade: Buffer.from("upgrade"),
	trailer: Buffer.from("trailer"),
	connection: Buffer.from("connection"),
	contentLength: Buffer.from("content-length"),
	proxyConnection: Buffer.from("proxy-connection"),
	transferEncoding: Buffer.from("transfer-encoding"),
};
const close = Buffer.from("close");
const keepAlive = Buffer.from("keep-alive");

/** More bytes are needed. Every number below it stands for a departure. */
const incomplete = -1;

/** The findings of the current scan. No two scans run at once, so one object is enough. */
const found = {
	method: "",
	targetStart: 0,
	targetEnd: 0,
	headers: 0,
	hosts: 0,
	/** -1 for none. */
	contentLength: -1,
	hasConnection: false,
	closes: false,
	/** The start and end of each name and of each value. */
	marks: new Uint32Array(4 * mostHeaders),
};

/**
 * Reads the head of a request, if it keeps to a strict subset of HTTP/1.1 that no two readers understand differently:
 * a method that Node knows, without CONNECT; a target in origin form of visible ASCII; CRLF at the end of every line;
 * exactly one `Host`; `Connection` absent, `keep-alive` or `close`; at most one `Content-Length`, of 15 digits; and
 * nothing that changes where the request ends. It looks at each byte once.
 *
 * @param from where the head begins.
 * @param mostBytes the most bytes that the head may have.
 * @returns the head; why it is outside of the subset, as soon as a byte shows it; or undefined when it is incomplete.
 */
export function readStrictHead(
	bytes: Buffer,
	from: number,
	mostBytes: number,
): StrictHead | Departure | undefined {
	const limit = from + mostBytes;
	const end = scan(bytes, from, Math.min(bytes.length, limit));
	if (end >= 0) return found.hosts === 1 ? headOf(bytes, from, end) : "host";
	if (end === incomplete) return bytes.length >= limit ? "size" : undefined;
	return departures[incomplete - 1 - end];
}

/** Whether a head that was read elsewhere is there as well, byte by byte. The same bytes mean the same. */
export function isHeadAt({ text }: StrictHead, bytes: Buffer, from: number): boolean {
	const end = from + text.length;
	if (end > bytes.length) return false;
	// A few bytes tell most heads apart. To compare all of them costs a call into C++.
	for (let at = 0; at < text.length; at += sampleStride) {
		if (bytes[from + at] !== text.charCodeAt(at)) return false;
	}
	return bytes.toString("latin1", from, end) === text;
}

function departed(reason: Departure): number {
	return incomplete - 1 - departures.indexOf(reason);
}

/** Returns where the head ends, or `incomplete`, or a departure. All functions of the scan do the same for their part. */
function scan(bytes: Buffer, from: number, end: number): number {
	found.headers = 0;
	found.hosts = 0;
	found.contentLength = -1;
	found.hasConnection = false;
	found.closes = false;
	let at = scanMethod(bytes, from, end);
	if (at >= 0) at = scanTarget(bytes, at, end);
	if (at >= 0) at = scanVersion(bytes, at, end);
	while (at >= 0 && at < end && bytes[at] !== cr) at = scanHeader(bytes, at, end);
	if (at < 0) return at;
	return at < end ? scanLineEnd(bytes, at, end) : incomplete;
}

function scanMethod(bytes: Buffer, from: number, end: number): number {
	if (begins(bytes, from, end, post)) {
		found.method = "POST";
		return from + post.length;
	}
	if (begins(bytes, from, end, get)) {
		found.method = "GET";
		return from + get.length;
	}
	let at = from;
	while (at < end && ((byteClasses[bytes[at] as number] as number) & inMethod) !== 0) at++;
	const method = bytes.toString("latin1", from, at);
	if (at === end) return methodBeginnings.has(method) ? incomplete : departed("method");
	if (bytes[at] !== space || !methods.has(method)) return departed("method");
	found.method = method;
	return at + 1;
}

function scanTarget(bytes: Buffer, from: number, end: number): number {
	if (from === end) return incomplete;
	if (bytes[from] !== slash) return departed("target");
	let at = from + 1;
	while (at < end && ((byteClasses[bytes[at] as number] as number) & inTarget) !== 0) at++;
	if (at === end) return incomplete;
	if (bytes[at] !== space) return departed("target");
	found.targetStart = from;
	found.targetEnd = at;
	return at + 1;
}

function scanVersion(bytes: Buffer, from: number, end: number): number {
	for (let index = 0; index < version.length; index++) {
		if (from + index === end) return incomplete;
		if (bytes[from + index] !== version[index]) return departed("version");
	}
	return from + version.length;
}

function scanHeader(bytes: Buffer, from: number, end: number): number {
	let at = from;
	while (at < end && ((byteClasses[bytes[at] as number] as number) & inToken) !== 0) at++;
	if (at === end) return incomplete;
	if (bytes[at] !== colon || at === from) return departed("header_name");
	const nameEnd = at++;
	while (at < end && isBlank(bytes[at])) at++;
	const valueStart = at;
	while (at < end && ((byteClasses[bytes[at] as number] as number) & inValue) !== 0) at++;
	if (at === end) return incomplete;
	if (bytes[at] !== cr) return departed("header_value");
	let valueEnd = at;
	while (valueEnd > valueStart && isBlank(bytes[valueEnd - 1])) valueEnd--;
	if (found.headers === mostHeaders) return departed("size");
	mark(from, nameEnd, valueStart, valueEnd);
	const refused = lookAt(bytes, from, nameEnd, valueStart, valueEnd, at);
	return refused === 0 ? scanLineEnd(bytes, at, end) : refused;
}

function scanLineEnd(bytes: Buffer, at: number, end: number): number {
	if (at + 1 === end) return incomplete;
	return bytes[at + 1] === lf ? at + 2 : departed("line_end");
}

function mark(nameStart: number, nameEnd: number, valueStart: number, valueEnd: number): void {
	const { marks } = found;
	const first = 4 * found.headers++;
	marks[first] = nameStart;
	marks[first + 1] = nameEnd;
	marks[first + 2] = valueStart;
	marks[first + 3] = valueEnd;
}

/**
 * Looks at the headers that say where a request and a connection end. Their values must not have blanks behind them,
 * since readers differ in that. Returns 0, or the departure.
 */
function lookAt(
	bytes: Buffer,
	name: number,
	nameEnd: number,
	value: number,
	valueEnd: number,
	lineEnd: number,
): number {
	switch (nameEnd - name) {
		case 4:
			return isName(bytes, name, names.host) && ++found.hosts > 1 ? departed("host") : 0;
		case 6:
			return isName(bytes, name, names.expect) ? departed("expect") : 0;
		case 7:
			if (isName(bytes, name, names.upgrade)) return departed("upgrade");
			return isName(bytes, name, names.trailer) ? departed("trailer") : 0;
		case 10:
			if (!isName(bytes, name, names.connection)) return 0;
			return valueEnd === lineEnd && readConnection(bytes, value, valueEnd) ? 0 : departed("connection");
		case 14:
			if (!isName(bytes, name, names.contentLength)) return 0;
			return valueEnd === lineEnd && readLength(bytes, value, valueEnd) ? 0 : departed("content_length");
		case 16:
			return isName(bytes, name, names.proxyConnection) ? departed("connection") : 0;
		case 17:
			return isName(bytes, name, names.transferEncoding) ? departed("transfer_encoding") : 0;
		default:
			return 0;
	}
}

function readConnection(bytes: Buffer, from: number, to: number): boolean {
	if (found.hasConnection) return false;
	found.hasConnection = true;
	found.closes = to - from === close.length && isName(bytes, from, close);
	return found.closes || (to - from === keepAlive.length && isName(bytes, from, keepAlive));
}

function readLength(bytes: Buffer, from: number, to: number): boolean {
	if (found.contentLength !== -1 || to === from || to - from > 15) return false;
	let length = 0;
	for (let at = from; at < to; at++) {
		const digit = (bytes[at] as number) - 0x30;
		if (digit < 0 || digit > 9) return false;
		length = 10 * length + digit;
	}
	found.contentLength = length;
	return true;
}

function headOf(bytes: Buffer, from: number, end: number): StrictHead {
	const { method, targetStart, targetEnd, headers, marks, closes } = found;
	const text = bytes.toString("latin1", from, end);
	const rawHeaders: string[] = [];
	for (let index = 0; index < 4 * headers; index += 2) {
		rawHeaders.push(text.slice((marks[index] as number) - from, (marks[index + 1] as number) - from));
	}
	return {
		method,
		target: text.slice(targetStart - from, targetEnd - from),
		rawHeaders,
		contentLength: Math.max(0, found.contentLength),
		closes,
		text,
		path: undefined,
		callPath: undefined,
		authority: undefined,
		head: undefined,
		search: undefined,
	};
}

function begins(bytes: Buffer, from: number, end: number, beginning: Buffer): boolean {
	if (end - from < beginning.length) return false;
	for (let index = 0; index < beginning.length; index++) {
		if (bytes[from + index] !== beginning[index]) return false;
	}
	return true;
}

/** Whether the bytes of a token are a name in any case. All names here are letters and hyphens. */
function isName(bytes: Buffer, at: number, lower: Buffer): boolean {
	for (let index = 0; index < lower.length; index++) {
		if (((bytes[at + index] as number) | 0x20) !== lower[index]) return false;
	}
	return true;
}

function isBlank(byte: number | undefined): boolean {
	return byte === space || byte === tab;
}

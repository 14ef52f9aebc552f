import type { OutgoingHttpHeader, OutgoingHttpHeaders } from "node:http";
import { http } from "../../platform/builtins.ts";

/** The effect of a header on the framing of an answer; undefined for none. */
type Meaning =
	| "connection"
	| "content-length"
	| "transfer-encoding"
	| "date"
	| "keep-alive"
	| "trailer"
	| undefined;

/** A name of a header that was checked. */
interface KnownName {
	/** The name and a colon. */
	readonly prefix: string;
	readonly meaning: Meaning;
	/** Whether several values are joined by semicolons, as Node does. */
	readonly isCookie: boolean;
	/** The last value that was checked, and its line: most answers have the same few. Never one with a meaning. */
	last: { readonly value: string; readonly line: string } | undefined;
}

/** The lines that a connection adds to its answers. */
export interface StandingLines {
	/** `Date`. */
	readonly date: string;
	/** `Connection: keep-alive`, and for how long. */
	readonly keepAlive: string;
	/** `Connection: keep-alive` alone. */
	readonly keepAliveAlone: string;
}

/**
 * The head of an answer as text, and what it says about the body. Names, values and the status are checked as Node
 * checks them, and the added lines are the same as Node's.
 */
export class AnswerHead {
	readonly status: number;
	readonly text: string;
	/** Whether the connection ends with the answer. */
	closes: boolean;
	/** The length of the body in bytes; undefined when it is sent in chunks, or when there is none. */
	length: number | undefined;
	isChunked = false;
	/** Whether the answer may have a body. */
	readonly hasBody: boolean;
	#hasConnection = false;
	#hasDate = false;
	#hasHint = true;
	#hasTrailer = false;

	/**
	 * @param length the length of the body in bytes, where the headers do not tell it.
	 * @param isHead whether it answers a HEAD.
	 * @param closes whether the connection ends with it in any case.
	 * @throws TypeError or RangeError when something in it is not allowed.
	 */
	constructor(
		status: number,
		headers: OutgoingHttpHeaders,
		length: number | undefined,
		lines: StandingLines,
		isHead: boolean,
		closes: boolean,
	) {
		const code = status | 0;
		if (code < 100 || code > 999)
			throw new RangeError(`${status} is not a status of HTTP: it takes 100 to 999`);
		this.status = code;
		this.closes = closes;
		this.hasBody = !isHead && code !== 204 && code !== 304 && code >= 200;
		let text = statusLine(code);
		for (const name of Object.keys(headers)) text += this.#lines(name, headers[name]);
		if (length !== undefined && this.#understandLength(length)) text += `content-length: ${length}\r\n`;
		this.text = text + this.#addedLines(lines);
	}

	#lines(name: string, value: OutgoingHttpHeader | undefined): string {
		const known = knownName(name);
		if (!Array.isArray(value)) return this.#line(known, name, value);
		if (known.isCookie && value.length > 1) return this.#line(known, name, value.join("; "));
		let text = "";
		for (const each of value) text += this.#line(known, name, each);
		return text;
	}

	#line(known: KnownName, name: string, value: string | number | undefined): string {
		const { last, meaning } = known;
		if (last !== undefined && last.value === value) return last.line;
		const checked = checkedValue(name, value);
		const line = `${known.prefix}${checked}\r\n`;
		if (meaning !== undefined) return this.#understand(meaning, checked) ? line : "";
		if (typeof value === "string" && value.length <= mostKeptLength) known.last = { value, line };
		return line;
	}

	/** Returns whether the header is sent as it is. */
	#understand(meaning: NonNullable<Meaning>, value: string | number): boolean {
		switch (meaning) {
			case "connection":
				this.closes ||= /(?:^|\W)close(?:$|\W)/i.test(String(value));
				this.#hasConnection = !this.closes;
				return !this.closes;
			case "content-length":
				return this.#understandLength(value);
			case "transfer-encoding":
				if (String(value).toLowerCase() !== "chunked") {
					throw new TypeError(
						`an answer is sent in chunks or with its length, and not with ${JSON.stringify(value)}`,
					);
				}
				this.isChunked = true;
				return false;
			case "date":
				this.#hasDate = true;
				return true;
			case "keep-alive":
				this.#hasHint = false;
				return true;
			case "trailer":
				this.#hasTrailer = true;
				return true;
		}
	}

	#understandLength(value: string | number): boolean {
		if (!isLength(value) || (this.length !== undefined && this.length !== Number(value))) {
			throw new TypeError(`the length of an answer is one number of bytes, and not ${JSON.stringify(value)}`);
		}
		const isFirst = this.length === undefined;
		this.length = Number(value);
		// RFC 9110, 8.6: these have none.
		return isFirst && this.status !== 204 && this.status >= 200;
	}

	#addedLines(lines: StandingLines): string {
		let text = this.#hasDate ? "" : lines.date;
		if (this.closes) text += "Connection: close\r\n";
		else if (!this.#hasConnection) text += this.#hasHint ? lines.keepAlive : lines.keepAliveAlone;
		if (!this.hasBody) {
			this.isChunked = false;
			this.length = undefined;
		} else if (this.length === undefined || this.isChunked) {
			this.isChunked = true;
			text += "Transfer-Encoding: chunked\r\n";
		}
		if (this.#hasTrailer && !this.isChunked)
			throw new TypeError("only an answer of unknown length has trailers");
		return `${text}\r\n`;
	}
}

/**
 * Trailers as lines.
 *
 * @throws TypeError when something in them is not allowed.
 */
export function trailerLines(trailers: OutgoingHttpHeaders): string {
	let text = "";
	for (const name of Object.keys(trailers)) {
		const { prefix } = knownName(name);
		const value = trailers[name];
		for (const each of Array.isArray(value) ? value : [value]) {
			http.validateHeaderValue(name, each as string);
			text += `${prefix}${each}\r\n`;
		}
	}
	return text;
}

/** @throws TypeError, the one of Node, when a value is not allowed. */
function checkedValue(name: string, value: string | number | undefined): string | number {
	if (typeof value === "number" || (value !== undefined && !unsafeInValues.test(value))) return value;
	http.validateHeaderValue(name, value as string);
	return String(value);
}

/** Whether a value is a number of at most 15 digits. */
function isLength(value: string | number): boolean {
	return typeof value === "number"
		? Number.isInteger(value) && value >= 0 && value < 1e15
		: /^\d{1,15}$/.test(value);
}

const unsafeInValues = /[^\t\x20-\x7e\x80-\xff]/;

/** Names that have been checked. Most answers of a server have the same few. */
const knownNames = new Map<string, KnownName>();
const mostKnownNames = 256;
/** The longest value that is kept, in characters. */
const mostKeptLength = 64;

function knownName(name: string): KnownName {
	const known = knownNames.get(name);
	if (known !== undefined) return known;
	http.validateHeaderName(name);
	const lower = name.toLowerCase();
	const made: KnownName = {
		prefix: `${name}: `,
		meaning: meaningOf(lower),
		isCookie: lower === "cookie",
		last: undefined,
	};
	if (knownNames.size < mostKnownNames) knownNames.set(name, made);
	return made;
}

function meaningOf(name: string): Meaning {
	switch (name) {
		case "connection":
		case "content-length":
		case "transfer-encoding":
		case "date":
		case "keep-alive":
		case "trailer":
			return name;
		default:
			return undefined;
	}
}

const statusLines = new Map<number, string>();

function statusLine(status: number): string {
	let line = statusLines.get(status);
	if (line === undefined) {
		line = `HTTP/1.1 ${status} ${http.STATUS_CODES[status] ?? "unknown"}\r\n`;
		statusLines.set(status, line);
	}
	return line;
}

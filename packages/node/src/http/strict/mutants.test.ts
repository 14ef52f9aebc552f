import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { conversations, cutAt } from "./fixtures/conversations.ts";
import { departingHeads } from "./fixtures/departing-heads.ts";
import { difference } from "./fixtures/difference.ts";
import { handOverProbes } from "./fixtures/hand-over-probes.ts";
import { type Mutant, mutantReader } from "./fixtures/mutant.ts";
import {
	type Conversation,
	nodeServer,
	type RecordedServer,
	strictServer,
} from "./fixtures/recorded-server.ts";
import { smugglingShapes } from "./fixtures/shapes.ts";
import { StrictReader } from "./strict-reader.ts";

/** A conversation, and how Node alone understands it. */
interface Expected {
	readonly parts: readonly Uint8Array[];
	readonly node: Conversation;
}

let node: RecordedServer;
let expected: Expected[];

/** Requests that keep to the subset, then some that do not: the connection is handed over between them. */
const passing = Buffer.from(
	[
		"POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nfirst",
		"GET /2 HTTP/1.1\r\nHost: x\r\n\r\n",
		"POST /3 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nthird\r\n0\r\n\r\n",
		"POST /4 HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nfourth",
		"GET /5 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
	].join(""),
);

/** Requests whose heads differ in a single byte, and not at all. */
const alike = Buffer.from(
	[
		"POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nfirst!",
		"POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nsecond",
		"POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nthird",
		"POST /4 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nmore!",
	].join(""),
);

beforeAll(async () => {
	node = await nodeServer();
	const shapes = smugglingShapes.map(([, text]) => [Buffer.from(text, "latin1")]);
	const cuts = Array.from({ length: 40 }, (_, index) => cutAt(passing, [index * 9, index * 9 + 30]));
	const random = fc.sample(conversations, { seed: 7, numRuns: 150 });
	expected = [];
	for (const parts of [[alike], ...shapes, ...cuts, ...random]) {
		expected.push({ parts, node: await node.converse(parts) });
	}
});

afterAll(() => node.close());

/**
 * The first fault of a reader: requests that Node sees in another way, answers in another order, a head that it takes
 * although it leaves the subset, or a step of the hand-over that is missing.
 */
async function firstFault(mutant: Mutant | undefined): Promise<string | undefined> {
	const Reader = mutant === undefined ? StrictReader : await mutantReader(mutant);
	const server = await strictServer({ Reader, turns: 2 });
	try {
		for (const { parts, node: alone } of expected) {
			const strict = await server.converse(parts);
			const told = difference(strict, alone) ?? disorder(strict);
			if (told !== undefined) return told;
		}
		for (const [reason, lines] of departingHeads) {
			const text = `${lines.join("\r\n")}\r\n\r\n`;
			const { requests, handedOverAfter } = await server.converse([Buffer.from(text, "latin1")]);
			if (requests.length > 0 && handedOverAfter !== 0) return `it takes a head in spite of its ${reason}`;
		}
	} finally {
		server.close();
	}
	for (const probe of handOverProbes) {
		const told = await probe(Reader);
		if (told !== undefined) return told;
	}
	return undefined;
}

/** Whether answers are missing, or left in another order than their requests. */
function disorder({ answer, requests, isClosed }: Conversation): string | undefined {
	const order = [...answer.matchAll(/answer (\d+)/g)].map(([, index]) => Number(index));
	if (order.some((index, place) => index !== place && place > 0 && index < (order[place - 1] as number)))
		return `the answers came as ${order}`;
	const whole = requests.filter(({ isWhole, method }) => isWhole && method !== "HEAD").length;
	return !isClosed && order.length < whole ? `${whole} whole requests, ${order.length} answers` : undefined;
}

const head = "strict-head.ts";
const bytes = "byte-classes.ts";
const connection = "strict-connection.ts";
const handOver = "hand-over.ts";
const request = "strict-request.ts";
const reader = "strict-reader.ts";

test("the reader as it is has no fault", async () => {
	expect(await firstFault(undefined)).toBeUndefined();
});

describe("a reader has a fault when it", () => {
	test.each<[what: string, file: string, find: string, replace: string]>([
		["takes any method", head, "|| !methods.has(method)", ""],
		["takes CONNECT", head, '.filter((method) => method !== "CONNECT")', ""],
		["takes any target", head, "if (bytes[from] !== slash)", "if (false)"],
		["takes bytes beyond ASCII in targets", bytes, "add(0x21, 0x7e, inTarget)", "add(0x21, 0xff, inTarget)"],
		["takes any version", head, "if (bytes[from + index] !== version[index])", "if (index < 8 && false)"],
		[
			"takes names with blanks",
			bytes,
			"add(0x2d, 0x2d, inMethod)",
			"add(0x2d, 0x2d, inMethod); add(0x20, 0x20, inToken)",
		],
		["takes empty names", head, "|| at === from", ""],
		["takes zero bytes in values", bytes, "add(0x09, 0x09, inValue)", "add(0, 0x09, inValue)"],
		["takes DEL in values", bytes, "add(0x20, 0x7e, inValue)", "add(0x20, 0x7f, inValue)"],
		["takes CR without LF", head, "return bytes[at + 1] === lf ?", "return true ?"],
		[
			"keeps the blanks behind values",
			head,
			"while (valueEnd > valueStart && isBlank(bytes[valueEnd - 1])) valueEnd--;",
			"",
		],
		["keeps the blanks ahead of values", head, "while (at < end && isBlank(bytes[at])) at++;", ""],
		["needs no host", head, "found.hosts === 1", "found.hosts <= 1"],
		["takes several lengths", head, "found.contentLength !== -1 || ", ""],
		["takes letters in lengths", head, "if (digit < 0 || digit > 9) return false;", ""],
		["takes an empty length", head, "to === from || ", ""],
		["takes lengths of any size", head, "|| to - from > 15", ""],
		["overlooks Transfer-Encoding", head, 'departed("transfer_encoding")', "0"],
		["overlooks the end that the client announces", head, "closes,\n\t\ttext,", "closes: false,\n\t\ttext,"],
		[
			"takes any Connection",
			head,
			"&& readConnection(bytes, value, valueEnd)",
			"&& (readConnection(bytes, value, valueEnd) || true)",
		],
		[
			"overlooks Proxy-Connection",
			head,
			'isName(bytes, name, names.proxyConnection) ? departed("connection") : 0',
			"0",
		],
		["takes control characters in targets", bytes, "add(0x21, 0x7e, inTarget)", "add(0x01, 0x7e, inTarget)"],
		["takes DEL in targets", bytes, "add(0x21, 0x7e, inTarget)", "add(0x21, 0x7f, inTarget)"],
		["takes LF in values", bytes, "add(0x09, 0x09, inValue)", "add(0x09, 0x0a, inValue)"],
		[
			"takes other control characters in values",
			bytes,
			"add(0x09, 0x09, inValue)",
			"add(0x09, 0x0b, inValue)",
		],
		[
			"takes bytes beyond ASCII in names",
			bytes,
			"add(0x30, 0x39, inToken)",
			"add(0x30, 0x39, inToken); add(0x80, 0xff, inToken)",
		],
		["takes names without a colon", head, "bytes[at] !== colon || ", ""],
		["takes a tab behind the method", head, "bytes[at] !== space || !methods", "!methods"],
		[
			"takes two hosts",
			head,
			'isName(bytes, name, names.host) && ++found.hosts > 1 ? departed("host") : 0',
			"isName(bytes, name, names.host) ? ((found.hosts = 1), 0) : 0",
		],
		["takes Connection twice", head, "if (found.hasConnection) return false;", ""],
		["takes blanks behind Connection", head, "valueEnd === lineEnd && readConnection(", "readConnection("],
		["takes blanks behind a length", head, "valueEnd === lineEnd && readLength(", "readLength("],
		["takes Expect", head, 'isName(bytes, name, names.expect) ? departed("expect") : 0', "0"],
		["takes Upgrade", head, 'if (isName(bytes, name, names.upgrade)) return departed("upgrade");', ""],
		["takes Trailer", head, 'isName(bytes, name, names.trailer) ? departed("trailer") : 0', "0"],
		["takes any number of headers", head, 'if (found.headers === mostHeaders) return departed("size");', ""],
		["takes heads of any size", head, "const limit = from + mostBytes;", "const limit = Infinity;"],
		["takes heads of the size that Node takes", reader, "limits.headerBytes / 2", "limits.headerBytes"],
		[
			"hands over before the answers have left",
			connection,
			"this.#answering !== undefined || this.#unread === undefined ||",
			"this.#unread === undefined ||",
		],
		[
			"takes a head that is almost the last one for it",
			head,
			'return bytes.toString("latin1", from, end) === text;',
			"return true;",
		],
		["shares the headers of a head that it knows", request, "head.rawHeaders.slice()", "head.rawHeaders"],
		["forgets the bytes that it has read", handOver, "socket.unshift(unread);", ""],
		[
			"resumes a turn later, and reads meanwhile",
			handOver,
			"this.#node.accept(socket, peer);",
			"socket.resume(); setImmediate(() => this.#node.accept(socket, peer));",
		],
		["does not resume", handOver, "socket.resume();", "socket.pause();"],
		["loses its place when a head comes in parts", connection, "Buffer.concat([unread, chunk])", "chunk"],
		[
			"listens to data afterwards",
			connection,
			'.removeListener("data", this.#onData)',
			'.removeListener("data", this.#onData).on("data", () => {})',
		],
		["listens to the end afterwards", connection, '.removeListener("close", this.#onClose)', ""],
		["listens to the drain afterwards", connection, '.removeListener("drain", this.#onDrain)', ""],
		[
			"counts what it holds afterwards",
			connection,
			"this.#isGone = true;\n\t\tthis.socket\n",
			"this.socket\n",
		],
		[
			"looks at the time afterwards",
			reader,
			"this.#connections.delete(connection);\n\t\tthis.#handOver",
			"this.#handOver",
		],
		[
			"does not read while it waits",
			connection,
			"this.#regulate();\n\t\t\treturn;",
			"this.socket.pause();\n\t\t\treturn;",
		],
		["reads without a bound while it waits", connection, ">= mostHeldBytes", ">= Infinity"],
		["forgets the time of the head", handOver, "this.#heads.set(socket, since);", ""],
		[
			"begins the time of the head anew",
			handOver,
			"this.#heads.set(socket, since);",
			"this.#heads.set(socket, performance.now());",
		],
		["never looks at the time of the head", reader, "this.#handOver.check(now);", ""],
		[
			"goes on with the time of a head that Node has read",
			handOver,
			"if (this.#heads.size > 0) this.#heads.delete(socket);",
			"",
		],
		[
			"begins the time of a head anew with each of its bytes",
			connection,
			"if (at > 0 || !continues) this",
			"this",
		],
	])("%s", async (_, file, find, replace) => {
		expect(await firstFault({ file, find, replace })).toBeTypeOf("string");
	});
});

import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AttackedServer, everything, openAttackedServer, post } from "./fixtures/attacked-server.ts";

let target: AttackedServer;

beforeAll(async () => {
	target = await openAttackedServer({
		limits: { headersTimeoutMs: 300, bodyTimeoutMs: 300, idleTimeoutMs: 300 },
	});
});

afterAll(async () => {
	expect(await target.neighbour()).toMatchObject({ status: 200 });
	await target.listener.close();
});

/** The statuses of all answers on a connection. */
function statuses(answer: string): number[] {
	return [...answer.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}

const smuggled = post("/lab/crash", "{}");
const head = "POST /lab/ping HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";

describe("a request that two readers would read as two different ones", () => {
	test.each([
		["a length and chunks", `${head}content-length: 6\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
		["chunks and a length", `${head}transfer-encoding: chunked\r\ncontent-length: 6\r\n\r\n0\r\n\r\n`],
		["two lengths", `${head}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`],
		["two lengths that are equal", `${head}content-length: 2\r\ncontent-length: 2\r\n\r\n{}`],
		["two lengths in one", `${head}content-length: 2, 2\r\n\r\n{}`],
		["a length with a sign", `${head}content-length: +2\r\n\r\n{}`],
		["a length in hexadecimal", `${head}content-length: 0x2\r\n\r\n{}`],
		["a length below zero", `${head}content-length: -2\r\n\r\n{}`],
		["a length beyond all numbers", `${head}content-length: ${"9".repeat(40)}\r\n\r\n{}`],
		["a coding that is none", `${head}transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n`],
		["a coding twice", `${head}transfer-encoding: chunked\r\ntransfer-encoding: x\r\n\r\n0\r\n\r\n`],
		["a coding after a tab", `${head}transfer-encoding:\u000bchunked\r\n\r\n0\r\n\r\n`],
		["a blank before the colon", `${head}content-length : 2\r\n\r\n{}`],
		["a header that is folded", `${head}x-a: b\r\n content-length: 2\r\n\r\n{}`],
		["lines that end in LF alone", `${head.replaceAll("\r\n", "\n")}content-length: 2\n\n{}`],
		["a header that ends in LF alone", `${head}x-a: b\ncontent-length: 2\r\n\r\n{}`],
		["a header that ends in CR alone", `${head}x-a: b\rcontent-length: 2\r\n\r\n{}`],
		["a zero byte in a header", `${head}x-a: b\0\r\ncontent-length: 2\r\n\r\n{}`],
		["a chunk whose size is none", `${head}transfer-encoding: chunked\r\n\r\nxyz\r\n{}\r\n0\r\n\r\n`],
		["a chunk of a size below zero", `${head}transfer-encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n`],
		["a chunk of a size with 0x", `${head}transfer-encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n`],
		[
			"a chunk that overflows",
			`${head}transfer-encoding: chunked\r\n\r\n${"f".repeat(20)}\r\n{}\r\n0\r\n\r\n`,
		],
		["a chunk longer than it says", `${head}transfer-encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n`],
		["a chunk that ends in LF alone", `${head}transfer-encoding: chunked\r\n\r\n2\n{}\n0\n\n`],
		["a chunk extension with LF", `${head}transfer-encoding: chunked\r\n\r\n2;a\nb\r\n{}\r\n0\r\n\r\n`],
	])("is refused, and what follows is not read as a request: %s", async (_, request) => {
		const answer = await target.raw(request, smuggled);
		expect(answer).not.toContain("internal");
		expect(statuses(answer).at(-1)).toBe(400);
		expect(statuses(answer).length).toBeLessThanOrEqual(2);
	});

	test("is read once when its chunks have extensions that are in order", async () => {
		const chunked = `${head}connection: close\r\ntransfer-encoding: chunked\r\n\r\n2;name=value\r\n{}\r\n0\r\n\r\n`;
		expect(statuses(await target.raw(chunked))).toEqual([200]);
	});

	test("does not grow by chunk extensions without end", async () => {
		const extension = `2;${"x".repeat(20_000)}\r\n`;
		const answer = await target.raw(`${head}transfer-encoding: chunked\r\n\r\n${extension}{}\r\n0\r\n\r\n`);
		expect(statuses(answer)).toEqual([413]);
	});

	test("has one host", async () => {
		expect(statuses(await target.raw("GET /healthz HTTP/1.1\r\n\r\n"))).toEqual([400]);
	});
});

describe("a head that is too much", () => {
	test.each([
		["one header of 20 KB", `x-a: ${"b".repeat(20_000)}\r\n`],
		["1,000 headers", Array.from({ length: 1_000 }, (_, index) => `x-${index}: some value\r\n`).join("")],
	])("is refused: %s", async (_, headers) => {
		const answer = await target.raw(`GET /healthz HTTP/1.1\r\nhost: localhost\r\n${headers}\r\n`);
		expect(statuses(answer)).toEqual([431]);
	});

	test("is refused when it is the path", async () => {
		const answer = await target.raw(`GET /${"a".repeat(20_000)} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
		expect(statuses(answer)).toEqual([431]);
	});
});

describe("a path that goes elsewhere", () => {
	test.each([
		"/../lab/sum",
		"/lab/../sum",
		"/lab/%2e%2e/sum",
		"/%2e%2e%2f%2e%2e%2fetc/passwd",
		"/lab%2fsum",
		"/lab/sum/../../etc/passwd",
		"/lab/sum%00",
		"//lab/sum",
		"/lab//sum",
		"/./lab/sum",
		"/lab/constructor",
		"/lab/__proto__",
		"/__proto__/toString",
		"/-/describe/../../etc/passwd",
		"/-/describe/__proto__",
	])("is nothing: %s", async (path) => {
		const answer = await target.raw(post(path, '{"a":1,"b":2}', "connection: close"));
		expect(statuses(answer)).toEqual([path.startsWith("/-/describe/") ? expect.any(Number) : 404]);
		expect(answer).not.toContain('{"v":3}');
		expect(answer).not.toMatch(/^HTTP\/1\.1 (200|5)/);
	});
});

describe("bytes that look like HTTP", () => {
	const token = fc.constantFrom("GET", "POST", "PRI", "P", "OPTIONS", "get", "\u0000", "CONNECT", "M-SEARCH");
	const path = fc.oneof(
		fc.constantFrom("/lab/sum", "/-/describe", "/", "*", "http://x/lab/sum"),
		fc.string(),
	);
	const header = fc.tuple(
		fc.oneof(
			fc.constantFrom(
				"content-length",
				"transfer-encoding",
				"content-type",
				"upgrade",
				"expect",
				"connection",
			),
			fc.string({ maxLength: 12 }),
		),
		fc.oneof(
			fc.constantFrom("2", "chunked", "application/json", "h2c", "100-continue", "close", "websocket"),
			fc.string({ maxLength: 30 }),
		),
	);
	const end = fc.constantFrom("\r\n", "\r\n", "\r\n", "\n", "");
	const request = fc
		.tuple(
			token,
			path,
			fc.constantFrom("HTTP/1.1", "HTTP/1.0", "HTTP/2.0", ""),
			fc.array(header),
			end,
			fc.string(),
		)
		.map(([verb, where, version, headers, eol, body]) => {
			const lines = [`${verb} ${where} ${version}`, ...headers.map(([name, value]) => `${name}: ${value}`)];
			return `${lines.join(eol)}${eol}${eol}${body}`;
		});

	test("end with their connection at the latest, and harm no other", async () => {
		const property = fc.asyncProperty(fc.array(request, { maxLength: 3 }), async (requests) => {
			const socket = await target.open();
			const ended = everything(socket);
			socket.end(requests.join(""));
			await ended;
		});
		await fc.assert(property, { seed: 20_26, numRuns: 300 });
		expect(await target.neighbour()).toMatchObject({ status: 200 });
		expect(target.log.running).toBe(0);
	});
});

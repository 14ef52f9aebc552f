import { execFile } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { type Context, ServiceError } from "@allium/core";
import type { Listener } from "@allium/core/transport";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { defaultServerLimits } from "../server/limits.ts";
import { listen } from "../server/server.ts";
import { writeEnvelope } from "./envelope.ts";
import { type LabLog, openLab } from "./fixtures/lab.ts";

let listener: Listener;
let log: LabLog;
let url: string;
let ready = true;

beforeAll(async () => {
	const lab = openLab();
	log = lab.log;
	listener = await listen(lab.endpoints, {
		ready: () => ({ ok: ready, registered: ready }),
		limits: { bodyTimeoutMs: 150, headersTimeoutMs: 200, messageBytes: 100_000 },
	});
	url = listener.addresses[0] as string;
});

beforeEach(() => {
	ready = true;
	log.running = 0;
	log.ended.length = 0;
	log.ctx = undefined;
});

afterAll(() => listener.close());

const json = { "content-type": "application/json" };

function post(
	path: string,
	body: RequestInit["body"],
	headers: Record<string, string> = json,
): Promise<Response> {
	return fetch(`${url}${path}`, { method: "POST", body: body ?? null, headers });
}

/** Sends bytes. Resolves with everything that arrives until the connection ends. */
function raw(...parts: (string | Buffer)[]): Promise<string> {
	return new Promise((resolve, reject) => {
		const { port } = new URL(url);
		let all = "";
		const socket = connect(Number(port), "127.0.0.1", () => {
			for (const part of parts) socket.write(part);
		});
		socket.on("data", (bytes) => {
			all += bytes.toString("latin1");
		});
		socket.on("error", reject).on("close", () => resolve(all));
	});
}

describe("curl", () => {
	const run = promisify(execFile);
	const curl = async (...args: string[]): Promise<string> => (await run("curl", ["-sS", ...args])).stdout;

	test("posts JSON", async () => {
		expect(await curl("--json", '{"a":1,"b":2}', `${url}/lab/sum`)).toBe('{"v":3}');
	});

	test("posts without a body to a method without input", async () => {
		expect(await curl("-X", "POST", `${url}/lab/ping`)).toBe("{}");
	});

	test("gets a read method", async () => {
		const query = `encoding=json&message=${encodeURIComponent('{"a":1,"b":2}')}`;
		expect(await curl(`${url}/lab/sum?${query}`)).toBe('{"v":3}');
	});

	test("speaks HTTP/2 without TLS", async () => {
		const format = "%{http_version} %{http_code}";
		const args = ["--http2-prior-knowledge", "--json", '{"a":1,"b":2}', "-w", format, `${url}/lab/sum`];
		expect(await curl(...args)).toBe('{"v":3}2 200');
	});

	test("is told how to say that it sends JSON", async () => {
		const answer = await curl("-d", '{"a":1,"b":2}', "-w", "%{http_code}", `${url}/lab/sum`);
		expect(answer).toContain("content-type: application/json");
		expect(answer).toMatch(/415$/);
	});
});

describe("a unary request", () => {
	test("has a status that fits the error", async () => {
		const answer = await post("/lab/sum", '{"a":0,"b":0}');
		expect(answer.status).toBe(400);
		expect(await answer.json()).toEqual({
			code: "invalid_argument",
			message: "can't sum two zeroes",
			details: [
				{
					type: "google.rpc.ErrorInfo",
					value: expect.any(String),
					debug: { reason: "two_zeroes", domain: "lab" },
				},
			],
		});
	});

	test("tells when to try again", async () => {
		const answer = await post("/lab/busy", "{}");
		expect(answer.status).toBe(503);
		expect(answer.headers.get("retry-after")).toBe("2");
		expect(answer.headers.get("trailer-x-queue")).toBe("7");
	});

	test.each(["/lab/nothing", "/nobody/sum", "/lab/sum/more"])("to %s is 404 unimplemented", async (path) => {
		const answer = await post(path, "{}");
		expect(answer.status).toBe(404);
		expect(await answer.json()).toMatchObject({ code: "unimplemented" });
	});

	test("with the wrong verb is 405 and told the right ones", async () => {
		const put = await fetch(`${url}/lab/sum`, { method: "PUT" });
		expect([put.status, put.headers.get("allow")]).toEqual([405, "POST, GET, HEAD"]);
		const get = await fetch(`${url}/lab/echo`);
		expect([get.status, get.headers.get("allow")]).toEqual([405, "POST"]);
	});

	test("with another content type is 415 and told the right one", async () => {
		const xml = await post("/lab/sum", "x", { "content-type": "application/xml" });
		expect([xml.status, xml.headers.get("accept-post")]).toEqual([
			415,
			"application/json, application/proto",
		]);
		const stream = await post("/lab/count", "{}");
		const streamTypes = "application/connect+json, application/connect+proto";
		expect([stream.status, stream.headers.get("accept-post")]).toEqual([415, streamTypes]);
	});

	test("from a web page must say that it is JSON", async () => {
		const body = new Blob(['{"a":1,"b":2}']);
		expect((await post("/lab/sum", body, {})).status).toBe(200);
		expect((await post("/lab/sum", body, { origin: "https://evil.example" })).status).toBe(415);
	});

	test("may name a charset", async () => {
		const headers = { "content-type": "application/json; charset=utf-8" };
		expect((await post("/lab/sum", '{"a":1,"b":2}', headers)).status).toBe(200);
	});

	test.each([[""], ["{"], [Buffer.from([0x22, 0xff, 0x22])]])("is unparsable with %j", async (body) => {
		const answer = await post("/lab/echo", body);
		expect(answer.status).toBe(400);
		expect(await answer.json()).toMatchObject({
			details: [{ debug: { reason: "unparsable", domain: "lab" } }],
		});
	});

	test.each([
		[{ "connect-timeout-ms": "12345678901" }, 400],
		[{ "connect-timeout-ms": "1.5" }, 400],
		[{ "connect-protocol-version": "2" }, 400],
		[{ "x-large": "x".repeat(9_000) }, 400],
	])("with the headers %j is refused with %i", async (headers, status) => {
		expect((await post("/lab/ping", "{}", { ...json, ...headers })).status).toBe(status);
	});

	test("whose deadline passes is 504, though the handler hangs on", async () => {
		const answer = await post("/lab/hang", "{}", { ...json, "connect-timeout-ms": "30" });
		expect(answer.status).toBe(504);
		expect(await answer.json()).toMatchObject({ code: "deadline_exceeded" });
		expect(log.ended).toEqual(["deadline_exceeded"]);
	});

	test("that is too large is refused by its length alone", async () => {
		const head =
			"POST /lab/echo HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n";
		const answer = await raw(`${head}content-length: 9999999999\r\n\r\n`);
		expect(answer).toMatch(/^HTTP\/1\.1 429 /);
		expect(answer).toContain('"resource_exhausted"');
	});

	test("is read whole, in however many pieces it came", async () => {
		const text = "x".repeat(90_000);
		const body = JSON.stringify({ text });
		const pieces = body.match(/.{1,1000}/g)?.map((piece) => `3e8\r\n${piece}\r\n`) ?? [];
		const last = body.slice(pieces.length * 1_000 - 1_000);
		pieces[pieces.length - 1] = `${last.length.toString(16)}\r\n${last}\r\n`;
		const head =
			"POST /lab/echo HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n";
		const answer = await raw(`${head}transfer-encoding: chunked\r\n\r\n${pieces.join("")}0\r\n\r\n`);
		expect(answer).toMatch(/^HTTP\/1\.1 200 /);
		expect(answer).toContain(text);
	});

	test("that turns out too large is refused", async () => {
		const answer = await post("/lab/echo", JSON.stringify({ text: "x".repeat(200_000) }));
		expect(answer.status).toBe(429);
	});

	test("whose body stays away is answered, and cut off", async () => {
		const head =
			"POST /lab/echo HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n";
		const answer = await raw(`${head}content-length: 20\r\n\r\n{"text"`);
		expect(answer).toContain("body_timeout");
	});

	test.each([
		["goes away", "destroy"],
		["ends its side", "end"],
	] as const)("whose client %s cancels the handler", async (_, leave) => {
		const { port } = new URL(url);
		const body =
			"POST /lab/hang HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
		const socket = connect(Number(port), "127.0.0.1", () => socket.write(body));
		await vi.waitFor(() => expect(log.running).toBe(1));
		const closed = once(socket, "close");
		socket[leave]();
		await vi.waitFor(() => expect(log.ended).toEqual(["canceled"]));
		await closed;
	});

	test("that waits behind another begins when that is answered", async () => {
		const { port } = new URL(url);
		const begin = (path: string, body: string, more = ""): string =>
			`POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n${more}content-length: ${body.length}\r\n\r\n${body}`;
		let answers = "";
		const socket = connect(Number(port), "127.0.0.1");
		socket.on("data", (bytes) => {
			answers += String(bytes);
		});
		socket.write(begin("/lab/hang", "{}", "connect-timeout-ms: 100\r\n"));
		socket.write(begin("/lab/echo", '{"text":"a"}') + begin("/lab/echo", '{"text":"b"}'));
		socket.write(begin("/lab/hang", "{}") + begin("/lab/hang", "{}"));
		await vi.waitFor(() => expect(log.ended).toEqual(["deadline_exceeded"]));
		await vi.waitFor(() => expect(answers).toMatch(/deadline_exceeded.*"text":"a".*"text":"b"/s));
		// One of the hanging requests runs and ends with its connection. The other never begins.
		await vi.waitFor(() => expect(log.running).toBe(1));
		socket.destroy();
		await vi.waitFor(() => expect(log.ended).toEqual(["deadline_exceeded", "canceled"]));
		expect(log.running).toBe(0);
	});

	test("does not run behind more than may wait, as its connection is cut", async () => {
		const body =
			"POST /lab/hang HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
		expect(await raw(body.repeat(defaultServerLimits.pipelinedRequests + 2))).toBe("");
		await vi.waitFor(() => expect(log.running).toBe(0));
		expect(log.ended.length).toBeLessThanOrEqual(1);
	});

	test("does not see headers of HTTP as metadata", async () => {
		await post("/lab/echo", '{"text":""}', { ...json, "x-mine": "1" });
		const names = [...(log.ctx as Context).metadata].map(([name]) => name);
		expect(names).toContain("x-mine");
		for (const name of ["host", "connection", "content-type", "content-length", "accept-encoding"]) {
			expect(names).not.toContain(name);
		}
	});
});

describe("a GET", () => {
	const get = (query: string): Promise<Response> => fetch(`${url}/lab/sum?${query}`);
	const message = encodeURIComponent('{"a":1,"b":2}');

	test("takes base64 too", async () => {
		const encoded = Buffer.from('{"a":1,"b":2}').toString("base64url");
		expect(await (await get(`connect=v1&encoding=json&base64=1&message=${encoded}`)).json()).toEqual({
			v: 3,
		});
	});

	test("takes a compressed body", async () => {
		const encoded = gzipSync('{"a":1,"b":2}').toString("base64url");
		const answer = await get(`connect=v1&encoding=json&compression=gzip&base64=1&message=${encoded}`);
		expect(await answer.json()).toEqual({ v: 3 });
	});

	test.each([
		["", 400],
		[`connect=v2&encoding=json&message=${message}`, 400],
		[`encoding=xml&message=${message}`, 415],
		[`encoding=json&compression=gzip&message=${message}`, 400],
		[`encoding=json&compression=zstd&message=${message}`, 415],
		["encoding=json&base64=1&message=***", 400],
		["encoding=json&message={", 400],
	])("with the query %j is refused with %i", async (query, status) => {
		expect((await get(query)).status).toBe(status);
	});
});

describe("a HEAD", () => {
	const run = promisify(execFile);
	const head = async (path: string, ...args: string[]): Promise<string[]> => {
		const { stdout } = await run("curl", ["-sS", "--head", ...args, `${url}${path}`]);
		return stdout
			.trim()
			.split(/\r?\n/)
			.filter((line) => !/^(date|connection|keep-alive):/i.test(line));
	};
	const get = async (path: string, ...args: string[]): Promise<string[]> => {
		const { stdout } = await run("curl", ["-sS", "-D-", "-o/dev/null", ...args, `${url}${path}`]);
		return stdout
			.trim()
			.split(/\r?\n/)
			.filter((line) => !/^(date|connection|keep-alive):/i.test(line));
	};
	const message = encodeURIComponent('{"a":1,"b":2}');
	const paths = [
		`/lab/sum?encoding=json&message=${message}`,
		"/lab/sum",
		"/healthz",
		"/-/describe",
		"/nothing",
	];

	test.each(
		paths.flatMap((path) => [
			[path, "--http1.1"],
			[path, "--http2-prior-knowledge"],
		]),
	)("of %s gets the head of a GET, with %s", async (path, version) => {
		expect(await head(path, version)).toEqual(await get(path, version));
	});

	test("of a stream of events gets its head, and no event is made", async () => {
		const lines = await head("/lab/count?input=%7B%22upTo%22%3A3%7D", "-H", "accept: text/event-stream");
		expect(lines[0]).toBe("HTTP/1.1 200 OK");
		expect(lines).toContain("content-type: text/event-stream");
		expect(log.ctx).toBeUndefined();
	});

	test("of what changes something is refused", async () => {
		expect((await head("/lab/echo"))[0]).toBe("HTTP/1.1 405 Method Not Allowed");
	});
});

describe("a streaming request", () => {
	const type = { "content-type": "application/connect+json" };

	async function end(path: string, body: Buffer, headers: Record<string, string> = {}): Promise<unknown> {
		const answer = await post(path, new Uint8Array(body), { ...type, ...headers });
		expect(answer.status).toBe(200);
		const bytes = Buffer.from(await answer.arrayBuffer());
		let offset = 0;
		let last = Buffer.alloc(0);
		while (offset < bytes.length) {
			const length = bytes.readUInt32BE(offset + 1);
			last = bytes.subarray(offset, offset + 5 + length);
			offset += 5 + length;
		}
		expect(last[0]).toBe(2);
		return JSON.parse(last.subarray(5).toString());
	}

	test("ends with trailers", async () => {
		expect(await end("/lab/count", writeEnvelope(0, '{"upTo":1}'))).toEqual({
			metadata: { "x-trailer": ["t1"] },
		});
	});

	test.each([
		["no message", Buffer.alloc(0), "unimplemented"],
		["two messages", Buffer.concat([writeEnvelope(0, "{}"), writeEnvelope(0, "{}")]), "unimplemented"],
		["half a message", writeEnvelope(0, '{"upTo":1}').subarray(0, 8), "invalid_argument"],
		["a compressed message", writeEnvelope(1, "{}"), "internal"],
		["an end of its own", writeEnvelope(2, "{}"), "invalid_argument"],
		["a claim of 4 GiB", Buffer.from([0, 255, 255, 255, 255]), "resource_exhausted"],
		["what is not JSON", writeEnvelope(0, "{"), "invalid_argument"],
	])("with %s ends with the error", async (_, body, code) => {
		expect(await end("/lab/count", body)).toMatchObject({ error: { code } });
	});

	test("with an unknown compression ends with the error", async () => {
		const headers = { "connect-content-encoding": "br" };
		expect(await end("/lab/count", writeEnvelope(0, "{}"), headers)).toMatchObject({
			error: { code: "unimplemented" },
		});
	});

	test("takes messages that are compressed with gzip, and others between them", async () => {
		const headers = { "connect-content-encoding": "gzip" };
		const one = writeEnvelope(1, gzipSync('{"n":1}'));
		const body = Buffer.concat([one, writeEnvelope(0, '{"n":2}'), one]);
		const answer = await post("/lab/total", body, { ...type, ...headers });
		expect(await answer.text()).toContain('{"total":4}');
	});

	test("whose deadline passes ends with the error, though the handler hangs on", async () => {
		expect(await end("/lab/watch", writeEnvelope(0, "{}"), { "connect-timeout-ms": "30" })).toMatchObject({
			error: { code: "deadline_exceeded" },
		});
	});

	test("to an unknown method is 404", async () => {
		const answer = await post("/lab/nothing", new Uint8Array(writeEnvelope(0, "{}")), type);
		expect(answer.status).toBe(404);
	});

	test("is answered while it goes on, over HTTP/1.1 too", async () => {
		const head =
			"POST /lab/total HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/connect+json\r\n";
		const message = writeEnvelope(0, '{"n":-1}');
		const chunk = Buffer.concat([Buffer.from("d\r\n"), message, Buffer.from("\r\n")]);
		const answer = await raw(`${head}transfer-encoding: chunked\r\n\r\n`, chunk);
		expect(answer).toContain('"out_of_range"');
	});
});

describe("the operations routes", () => {
	test("healthz is 200 while the process lives", async () => {
		const answer = await fetch(`${url}/healthz`);
		expect([answer.status, await answer.json()]).toEqual([200, { ok: true }]);
	});

	test("readyz tells what the process says", async () => {
		expect(await (await fetch(`${url}/readyz`)).json()).toEqual({ ok: true, registered: true });
		ready = false;
		const answer = await fetch(`${url}/readyz`);
		expect([answer.status, await answer.json()]).toEqual([503, { ok: false, registered: false }]);
	});

	test("describe tells all that is served, or one service", async () => {
		const all = (await (await fetch(`${url}/-/describe`)).json()) as { services: unknown[] };
		expect(all.services).toMatchObject([
			{ name: "lab", methods: { sum: { kind: "unary", effect: "read" } } },
		]);
		expect(await (await fetch(`${url}/-/describe/lab`)).json()).toEqual(all.services[0]);
		expect((await fetch(`${url}/-/describe/nobody`)).status).toBe(404);
	});

	test("the front page tells what to try", async () => {
		expect(await (await fetch(url)).text()).toContain("POST /lab/sum");
	});

	test("HEAD has no body, and other verbs are refused", async () => {
		const head = await fetch(`${url}/healthz`, { method: "HEAD" });
		expect([head.status, await head.text()]).toEqual([200, ""]);
		const posted = await fetch(`${url}/healthz`, { method: "POST" });
		expect([posted.status, posted.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
	});

	test("whatever else is 404", async () => {
		expect((await fetch(`${url}/favicon.ico`)).status).toBe(404);
		expect((await fetch(`${url}/-/nothing`)).status).toBe(404);
	});
});

describe("a guard", () => {
	const paths: string[] = [];
	let guarded: Listener;

	beforeAll(async () => {
		const { endpoints } = openLab(({ path, metadata, peer }, ctx) => {
			paths.push(path);
			expect(peer.address).toMatch(/^127\.0\.0\.1:\d+$/);
			if (metadata.get("authorization") !== "Bearer secret")
				throw new ServiceError({ code: "unauthenticated" });
			return ctx;
		});
		guarded = await listen(endpoints);
	});

	afterAll(() => guarded.close());

	test.each(["/items", "/favicon.ico", "/-/ws", "/-/nothing"])("is asked about %s", async (path) => {
		expect((await fetch(`${guarded.addresses[0]}${path}`)).status).toBe(401);
		expect(paths.at(-1)).toBe(path);
	});

	test("is not asked about the operations routes", async () => {
		for (const path of ["/", "/healthz", "/readyz", "/-/describe", "/-/describe/lab", "/-/openapi.json"])
			expect([path, (await fetch(`${guarded.addresses[0]}${path}`)).status]).toEqual([path, 200]);
	});

	test("is asked before anything about a method is told", async () => {
		for (const path of ["/lab/sum", "/lab/nothing"]) {
			const answer = await fetch(`${guarded.addresses[0]}${path}`, { method: "POST", body: "not JSON" });
			expect(answer.status).toBe(401);
			expect(paths.at(-1)).toBe(path.slice(1));
		}
	});

	test("lets in whom it knows", async () => {
		const headers = { ...json, authorization: "Bearer secret" };
		const answer = await fetch(`${guarded.addresses[0]}/lab/ping`, { method: "POST", body: "{}", headers });
		expect(answer.status).toBe(200);
	});
});

import { execFile } from "node:child_process";
import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { promisify } from "node:util";
import type { Listener } from "@allium/core/transport";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { listen } from "../server/server.ts";
import { openLab } from "./fixtures/lab.ts";

let listener: Listener;
let port: number;

beforeAll(async () => {
	listener = await listen(openLab().endpoints);
	port = Number(new URL(listener.addresses[0] as string).port);
});

afterAll(() => listener.close());

/** Sends a head. Resolves with everything that arrives until the connection ends. */
async function raw(...lines: string[]): Promise<string> {
	const socket = connect(port, "127.0.0.1");
	socket.write(`${lines.join("\r\n")}\r\n\r\n`);
	let all = "";
	for await (const bytes of socket) all += bytes;
	return all;
}

/** Sends a request over HTTP/2. Resolves with the status. */
async function statusOverHttp2(headers: Record<string, string | string[]>): Promise<unknown> {
	const session = connectHttp2(`http://127.0.0.1:${port}`);
	const stream = session.request(headers);
	const [answer] = await once(stream, "response");
	session.destroy();
	return answer[":status"];
}

describe("the host of a request", () => {
	test("is one: two are refused, and nothing more is read, whether they are the same or not", async () => {
		for (const other of ["localhost", "evil.example"]) {
			const heads = ["GET /healthz HTTP/1.1", "Host: localhost", `host: ${other}`];
			const answer = await raw(...heads, "", "GET /healthz HTTP/1.1", "host: localhost");
			expect(answer).toMatch(/^HTTP\/1\.1 400 /);
			expect(answer).toContain("a request names one host, and this one names several");
			expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1);
		}
	});

	test.each(["a b", "a/b", "user@localhost", "localhost:x", "[::1"])(
		"is refused when it is %j",
		async (host) => {
			expect(await raw("GET /healthz HTTP/1.1", `host: ${host}`)).toMatch(/^HTTP\/1\.1 400 /);
		},
	);

	test("may be empty, and is missing in HTTP/1.0 alone", async () => {
		expect(await raw("GET /healthz HTTP/1.1", "host:", "connection: close")).toMatch(/^HTTP\/1\.1 200 /);
		expect(await raw("GET /healthz HTTP/1.0")).toMatch(/^HTTP\/1\.1 200 /);
		expect(await raw("GET /healthz HTTP/1.1")).toMatch(/^HTTP\/1\.1 400 /);
	});

	test("is the authority over HTTP/2, and a host beside it the same", async () => {
		const path = { ":path": "/healthz", ":authority": "localhost" };
		expect(await statusOverHttp2(path)).toBe(200);
		expect(await statusOverHttp2({ ...path, host: "localhost" })).toBe(200);
		expect(await statusOverHttp2({ ...path, host: "127.0.0.1" })).toBe(400);
	});

	test("is one for WebSockets, too", async () => {
		const upgrade = ["connection: upgrade", "upgrade: websocket"];
		const answer = await raw("GET /-/ws HTTP/1.1", "host: localhost", "host: localhost", ...upgrade);
		expect(answer).toMatch(/^HTTP\/1\.1 400 /);
	});
});

describe("the target of a request", () => {
	test("may be absolute, as a client sends it through a proxy", async () => {
		const run = promisify(execFile);
		const proxy = ["--proxy", `http://127.0.0.1:${port}`];
		const call = ["--json", '{"a":1,"b":2}', "http://localhost/lab/sum?x=1"];
		expect((await run("curl", ["-sS", ...proxy, ...call])).stdout).toBe('{"v":3}');
	});

	test.each(["http://localhost", "HTTP://LOCALHOST/", "https://localhost:1/?a", "http://[::1]?a"])(
		"may be %s",
		async (target) => {
			const answer = await raw(`GET ${target} HTTP/1.1`, "host: other.example", "connection: close");
			expect(answer).toMatch(/^HTTP\/1\.1 200 .*This is an Allium server/s);
		},
	);

	test("tells the host that counts when it is absolute, whatever Host says", async () => {
		const answer = await raw(
			"GET http://evil.example/healthz HTTP/1.1",
			"host: localhost",
			"connection: close",
		);
		expect(answer).toMatch(/^HTTP\/1\.1 403 /);
	});

	test.each(["healthz", "http:///healthz", "http://a@localhost/healthz", "ftp://localhost/", "*"])(
		"is refused when it is %s",
		async (target) => {
			expect(await raw(`GET ${target} HTTP/1.1`, "host: localhost")).toMatch(/^HTTP\/1\.1 400 /);
		},
	);
});

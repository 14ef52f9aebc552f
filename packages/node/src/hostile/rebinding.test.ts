import { once } from "node:events";
import { request } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { ServerOptions } from "../server/server.ts";
import { type AttackedServer, openAttackedServer } from "./fixtures/attacked-server.ts";

// The name of a page leads to this machine. The browser gives that name as the host, and as the page's origin.
const host = "evil.example.com";
let target: AttackedServer;

afterEach(() => target.listener.close());

/** The statuses of a request under a host: over HTTP/1.1, over HTTP/2, and for a WebSocket. */
async function statuses(port: number, name = host): Promise<number[]> {
	const authority = `${name}:${port}`;
	const origin = `http://${authority}`;
	return Promise.all([
		overHttp1(port, "/lab/sum", { host: authority, origin, "content-type": "application/json" }),
		overHttp2(port, authority, origin),
		overHttp1(port, "/-/ws", {
			...{ host: authority, origin, connection: "upgrade", upgrade: "websocket" },
			...{ "sec-websocket-version": "13", "sec-websocket-protocol": "allium.v1" },
			"sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
		}),
	]);
}

function overHttp1(port: number, path: string, headers: Record<string, string>): Promise<number> {
	return new Promise((resolve, reject) => {
		const method = path === "/-/ws" ? "GET" : "POST";
		const outgoing = request({ host: "127.0.0.1", port, path, method, headers, agent: false });
		outgoing.on("response", (answer) => resolve(answer.resume().statusCode ?? 0));
		outgoing.on("upgrade", ({ statusCode = 0 }, socket) => {
			socket.destroy();
			resolve(statusCode);
		});
		outgoing.on("error", reject);
		outgoing.end(method === "POST" ? '{"a":1,"b":2}' : undefined);
	});
}

async function overHttp2(port: number, authority: string, origin: string): Promise<number> {
	const session = connectHttp2(`http://127.0.0.1:${port}`);
	const stream = session.request({
		...{ ":method": "POST", ":path": "/lab/sum", ":authority": authority },
		...{ origin, "content-type": "application/json" },
	});
	stream.end('{"a":1,"b":2}');
	const [headers] = await once(stream, "response");
	session.destroy();
	return headers[":status"];
}

async function open(options: ServerOptions = {}): Promise<number> {
	target = await openAttackedServer(options);
	return target.port;
}

describe("on a loopback address, a foreign host", () => {
	test("is refused over HTTP/1.1, over HTTP/2 and for WebSockets", async () => {
		expect(await statuses(await open())).toEqual([403, 403, 403]);
	});

	test("is refused with what to do about it, whatever is asked for", async () => {
		await open();
		for (const path of ["/", "/healthz", "/metrics", "/-/describe", "/nothing", "/lab/sum?connect=v1"]) {
			const answer = await target.raw(`GET ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
			expect(answer).toMatch(/^HTTP\/1\.1 403 .*"permission_denied".*option hosts, or in ALLIUM_HOSTS/s);
		}
	});

	test("is served when it is named", async () => {
		expect(await statuses(await open({ hosts: [host] }))).toEqual([200, 200, 101]);
		expect(await statuses(target.port, "other.example.com")).toEqual([403, 403, 403]);
		expect(await statuses(target.port, "localhost")).toEqual([200, 200, 101]);
	});

	test("is served when all may call", async () => {
		expect(await statuses(await open({ hosts: ["*"] }))).toEqual([200, 200, 101]);
	});
});

test("on an address that others reach, each host is served", async () => {
	expect(await statuses(await open({ host: "0.0.0.0" }))).toEqual([200, 200, 101]);
});

test("requests that name no host, such as those of HTTP/1.0, are served", async () => {
	await open();
	expect(await target.raw("GET /healthz HTTP/1.0\r\n\r\n")).toMatch(/^HTTP\/1\.1 200 /);
});

describe("a WebSocket that is asked for behind a request that is not answered yet", () => {
	const json = "host: localhost\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
	const upgrade =
		"GET /-/ws HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-protocol: allium.v1\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

	test("ends its connection, where Node reads it", async () => {
		await open({ httpReader: "node" });
		expect(await target.raw(`POST /lab/hang HTTP/1.1\r\n${json}${upgrade}`)).toBe("");
	});

	test("is opened behind the answer, where the strict reader reads it", async () => {
		await open({ httpReader: "strict" });
		const socket = await target.open();
		let answer = "";
		socket.on("data", (bytes) => {
			answer += bytes.toString("latin1");
		});
		socket.write(`POST /lab/ping HTTP/1.1\r\n${json}${upgrade}`);
		await vi.waitFor(() => expect(answer).toMatch(/^HTTP\/1\.1 200 .*\r\n\r\n\{\}HTTP\/1\.1 101 /s));
		socket.destroy();
	});
});

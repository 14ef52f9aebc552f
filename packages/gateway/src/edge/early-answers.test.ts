import { once } from "node:events";
import { createServer } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { type AddressInfo, connect } from "node:net";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { System } from "../fixtures/system.ts";

// Every way in which the edge answers before a body has arrived.
const ways: readonly (readonly [
	what: string,
	verb: string,
	path: string,
	headers: Record<string, string>,
])[] = [
	["a foreign host", "POST", "/lab/echo", { host: "evil.example.com" }],
	[
		...["a preflight", "OPTIONS", "/lab/echo"],
		{ origin: "https://app.example.com", "access-control-request-method": "POST" },
	] as const,
	["a page", "GET", "/", {}],
	["a wrong verb of a page", "POST", "/", {}],
	["a path that leaves the web service", "POST", "/app/%2e%2e/x", {}],
	["a web service that cannot be reached", "POST", "/gone", {}],
	["a web service that does not wait for the body", "POST", "/app", {}],
	["a service", "POST", "/lab/nothing", {}],
];

let system: System;
let url: URL;
const web = createServer((_, response) => response.end("early"));

beforeEach(async () => {
	system = await System.create();
	web.listen(0, "127.0.0.1");
	await once(web, "listening");
	const app = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
	const proxy = { "/app": app, "/gone": "http://127.0.0.1:1" };
	url = new URL(await system.open({ cors: ["https://app.example.com"], proxy }));
	vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});

afterEach(async () => {
	vi.useRealTimers();
	await system[Symbol.asyncDispose]();
	web.closeAllConnections();
	await new Promise((resolve) => web.close(resolve));
});

describe("a body that goes on after its answer", () => {
	test.each(ways)("ends with its connection: after %s", async (_, verb, path, headers) => {
		const socket = connect(Number(url.port), "127.0.0.1").on("error", () => {});
		const all = { host: "localhost", "content-length": "1000", ...headers };
		const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
		socket.write(`${verb} ${path} HTTP/1.1\r\n${lines.join("")}\r\n `);
		const closed = once(socket, "close");
		expect(String(await once(socket, "data"))).toMatch(/^HTTP\/1\.1 [2-5]\d\d /);
		socket.resume().write(" ");
		await vi.advanceTimersByTimeAsync(5_100);
		await closed;
	});

	test.each(ways)("ends with its stream of HTTP/2: after %s", async (_, verb, path, { host, ...headers }) => {
		const session = connectHttp2(url.origin);
		const request = { ":method": verb, ":path": path, ":authority": host ?? "localhost", ...headers };
		const stream = session.request(request, { endStream: false }).on("error", () => {});
		const closed = once(stream, "close");
		stream.write(" ");
		await once(stream, "response");
		stream.resume();
		await new Promise((resolve) => session.ping(resolve));
		await vi.advanceTimersByTimeAsync(5_100);
		await closed;
		session.destroy();
	});
});

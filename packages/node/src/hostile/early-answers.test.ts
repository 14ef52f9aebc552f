import { once } from "node:events";
import { type ClientHttp2Stream, connect as connectHttp2 } from "node:http2";
import { contract, method, ServiceError } from "@allium/core";
import { post as postRoute, routes } from "@allium/core/http";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { cors } from "../http/cors.ts";
import { type AttackedServer, openAttackedServer } from "./fixtures/attacked-server.ts";

// Every way in which a request is answered before its body has arrived. The body then arrives, a byte at a time.
const json = "application/json";
const ways: readonly (readonly [
	what: string,
	verb: string,
	path: string,
	headers: Record<string, string>,
])[] = [
	["a foreign host", "POST", "/lab/echo", { host: "evil.example.com", "content-type": json }],
	["a refusal of the guard", "POST", "/lab/echo", { "x-refuse": "1", "content-type": json }],
	["a refusal of the guard, of an operations route", "POST", "/healthz", { "x-refuse": "1" }],
	["a body that is too large", "POST", "/lab/echo", { "content-length": "5000000", "content-type": json }],
	["a wrong type", "POST", "/lab/echo", { "content-type": "text/plain" }],
	["a method that nobody serves", "POST", "/lab/nothing", { "content-type": json }],
	["a path that nobody serves", "POST", "/nothing", { "content-type": json }],
	["a wrong verb", "PUT", "/lab/echo", { "content-type": json }],
	["a call by GET", "GET", '/lab/sum?connect=v1&encoding=json&message={"a":1,"b":2}', {}],
	["an operations route", "GET", "/healthz", {}],
	["a wrong verb of an operations route", "DELETE", "/-/describe", {}],
	["a REST route that takes no such type", "POST", "/items", { "content-type": "text/plain" }],
	["a REST route that takes no such verb", "PATCH", "/items", { "content-type": json }],
	["events that are over", "GET", "/lab/count", { accept: "text/event-stream", "last-event-id": "end" }],
	["events", "GET", '/lab/count?input={"upTo":1}', { accept: "text/event-stream" }],
	[
		"a stream with a wrong head",
		"POST",
		"/lab/total",
		{ "content-type": "application/connect+json", "connect-protocol-version": "7" },
	],
	[
		"a preflight",
		"OPTIONS",
		"/lab/echo",
		{ origin: "https://app.example.com", "access-control-request-method": "POST" },
	],
	["a layer", "POST", "/layer", {}],
];

const Items = contract("items", { add: method({}) });
const pages = cors(["https://app.example.com"]);
let target: AttackedServer;

beforeEach(async () => {
	target = await openAttackedServer(
		{
			http: (request, response, next) => {
				if (request.path !== "/layer") pages(request, response, next);
				else {
					response.writeHead(200, {});
					response.end("early");
				}
			},
		},
		(endpoints) => {
			endpoints.serve(
				Items,
				{ add: async () => ({}) },
				{ routes: routes(Items, { add: postRoute("/items") }) },
			);
		},
		({ metadata }, ctx) => {
			if (metadata.get("x-refuse") === undefined) return ctx;
			throw new ServiceError({ code: "unauthenticated" });
		},
	);
	vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});

afterEach(async () => {
	vi.useRealTimers();
	await target.listener.close();
});

describe("over HTTP/1.1, a body that goes on after its answer ends with its connection", () => {
	test.each(ways)("after %s", async (_, verb, path, headers) => {
		const socket = await target.open();
		socket.on("error", () => {});
		const all = { host: "localhost", "content-length": "1000", ...headers };
		const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
		socket.write(`${verb} ${encodeURI(path)} HTTP/1.1\r\n${lines.join("")}\r\n`);
		const closed = once(socket, "close");
		const answer = await once(socket, "data");
		expect(String(answer)).toMatch(/^HTTP\/1\.1 [2-4]\d\d /);
		socket.resume().write(" ");
		await vi.advanceTimersByTimeAsync(4_000);
		expect(socket.readyState).toBe("open");
		socket.write(" ");
		await vi.advanceTimersByTimeAsync(1_100);
		await closed;
	});
});

describe("over HTTP/2, a body that goes on after its answer ends with its stream", () => {
	test.each(ways)("after %s", async (_, verb, path, { host, ...headers }) => {
		const session = connectHttp2(target.url);
		const stream = session.request(
			{
				":method": verb,
				":path": encodeURI(path),
				":authority": host ?? "localhost",
				...headers,
			},
			{ endStream: false },
		);
		const closed = once(stream, "close");
		const [answer] = await once(stream, "response");
		expect(answer[":status"]).toBeLessThan(500);
		stream.resume().on("error", () => {});
		await drip(stream);
		await vi.advanceTimersByTimeAsync(5_100);
		await closed;
		expect(session.closed).toBe(false);
		session.destroy();
	});

	/** Lets a byte of the body arrive while the server has not ended the stream. */
	async function drip(stream: ClientHttp2Stream): Promise<void> {
		if (!stream.closed) stream.write(" ");
		await new Promise((resolve) => stream.session?.ping(resolve));
	}
});

test("a body that ends soon after its answer leaves the connection as it is", async () => {
	const socket = await target.open();
	const head = "POST /nothing HTTP/1.1\r\nhost: localhost\r\ncontent-length: 3\r\n\r\n";
	let all = "";
	socket.on("data", (bytes) => {
		all += String(bytes);
	});
	socket.write(head);
	await vi.waitFor(() => expect(all).toContain("404"));
	socket.write("abc");
	await vi.advanceTimersByTimeAsync(10_000);
	socket.write(`${head}abc`);
	await vi.waitFor(() => expect(all.split("404 Not Found")).toHaveLength(3));
	socket.destroy();
});

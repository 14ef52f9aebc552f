import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTcpServer, type Socket, type Server as TcpServer } from "node:net";
import { Worker } from "node:worker_threads";
import { Context } from "@allium/core";
import { afterEach, expect, test } from "vitest";
import type { BackendRequest } from "./backend-request.ts";
import { HttpBackend } from "./http-backend.ts";

const background = Context.background();
const open: (() => unknown)[] = [];

afterEach(async () => {
	for (const close of open.splice(0).reverse()) await close();
});

/** Starts a server, and a backend that asks it. */
async function pair(
	answer: RequestListener,
): Promise<{ server: Server; backend: HttpBackend; request: BackendRequest }> {
	const server = createServer(answer);
	const url = await listening(server);
	const backend = new HttpBackend("Consul");
	open.push(() => backend.close());
	return { server, backend, request: requestTo(url) };
}

async function listening(server: Server | TcpServer): Promise<string> {
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	open.push(() => new Promise((resolve) => server.close(resolve)));
	const address = server.address();
	return `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/v1/a`;
}

function requestTo(url: string): BackendRequest {
	return { method: "GET", url, timeoutMs: 30_000, maxBytes: 1_000 };
}

function connections(server: Server): Promise<number> {
	return new Promise((resolve, reject) =>
		server.getConnections((error, count) => (error === null ? resolve(count) : reject(error))),
	);
}

test("an answer has its status, headers and text", async () => {
	const { backend, request } = await pair((_, response) =>
		response.writeHead(404, { "x-index": "7" }).end("gone"),
	);
	const { status, headers, text } = await backend.ask(request);
	expect([status, headers["x-index"], text]).toEqual([404, "7", "gone"]);
});

test("an answer that is there in time counts, although this thread was too busy to read it until long after", async () => {
	const server = new Worker(
		`const { createServer } = require("node:http");
		const { parentPort } = require("node:worker_threads");
		const server = createServer((_, response) => response.end("there"));
		server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));`,
		{ eval: true },
	);
	open.push(() => server.terminate());
	const [port] = await once(server, "message");
	const backend = new HttpBackend("Consul");
	open.push(() => backend.close());
	const request = { ...requestTo(`http://127.0.0.1:${port}/v1/a`), timeoutMs: 200 };
	// The connection is there afterwards.
	await backend.ask({ ...request, timeoutMs: 30_000 });
	const asked = backend.ask(request);
	await new Promise((resolve) => setImmediate(resolve));
	// This thread is busy.
	Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
	expect((await asked).text).toBe("there");
});

test("connections are kept, and closing ends them all", async () => {
	const { server, backend, request } = await pair((_, response) => response.end("{}"));
	for (let count = 0; count < 3; count++) await backend.ask(request);
	expect(await connections(server)).toBe(1);
	backend.close();
	await expect.poll(() => connections(server)).toBe(0);
	await expect(backend.ask(request)).rejects.toMatchObject({
		code: "failed_precondition",
		message: "the registry is closed",
	});
});

test("many requests at once share thirty-two connections", async () => {
	let most = 0;
	const { server, backend, request } = await pair((_, response) => {
		void connections(server).then((count) => {
			most = Math.max(most, count);
			response.end();
		});
	});
	await Promise.all(Array.from({ length: 100 }, () => backend.ask(request)));
	expect(most).toBe(32);
});

test("a request whose server is silent fails in time", async () => {
	const { backend, request } = await pair(() => {});
	await expect(backend.ask({ ...request, timeoutMs: 20 })).rejects.toMatchObject({
		code: "unavailable",
		message: expect.stringMatching(/^Consul at 127\.0\.0\.1:\d+ did not answer within 20 ms$/),
	});
});

test("an answer that does not end fails in time", async () => {
	const { backend, request } = await pair((_, response) => response.write("{"));
	await expect(backend.ask({ ...request, bodyTimeoutMs: 20 })).rejects.toMatchObject({ code: "unavailable" });
});

test("an answer that is too large is refused, however it comes", async () => {
	const { server, backend, request } = await pair((_, response) => {
		const more = (): void => {
			while (!response.destroyed && response.write("x".repeat(1_000)));
		};
		response.on("drain", more);
		more();
	});
	await expect(backend.ask(request)).rejects.toThrow("an answer takes more than 1000 bytes");
	await expect(lines(backend, request)).rejects.toThrow("an answer takes more than 1000 bytes");
	await expect.poll(() => connections(server)).toBe(0);
});

test("the end of the context ends the request, and is its error", async () => {
	const { server, backend, request } = await pair(() => {});
	const { ctx, cancel } = background.withCancel();
	const asked = backend.ask(request, ctx);
	await expect.poll(() => connections(server)).toBe(1);
	cancel();
	await expect(asked).rejects.toMatchObject({ code: "canceled" });
	await expect.poll(() => connections(server)).toBe(0);
	await expect(backend.ask(request, ctx)).rejects.toMatchObject({ code: "canceled" });
});

test("a kept connection that the server closed costs no request", async () => {
	const sockets = new Set<Socket>();
	const { server, backend, request } = await pair((_, response) => response.end());
	server.on("connection", (socket: Socket) => sockets.add(socket));
	await backend.ask(request);
	for (let count = 0; count < 20; count++) {
		for (const socket of sockets) socket.resetAndDestroy();
		sockets.clear();
		await backend.ask(request);
	}
});

test("lines come one by one, whatever the parts they come in", async () => {
	const { backend, request } = await pair((_, response) => {
		const bytes = Buffer.from('{"a":1}\n{"b":"é"}\n\n{"c":3}\n');
		for (const byte of bytes) response.write(Buffer.of(byte));
		response.end();
	});
	expect(await lines(backend, request)).toEqual(['{"a":1}', '{"b":"é"}', "", '{"c":3}']);
});

test("a stream that breaks off is an error", async () => {
	const { backend, request } = await pair((_, response) => {
		response.write("one\n");
		response.destroy();
	});
	await expect(lines(backend, request)).rejects.toMatchObject({ code: "unavailable" });
});

test("a stream that ends within a line is an error", async () => {
	const { backend, request } = await pair((_, response) => response.end("one\ntw"));
	await expect(lines(backend, request)).rejects.toThrow("the stream ended within a line");
});

test("a stream may be silent for as long as its request says", async () => {
	const { server, backend, request } = await pair((_, response) => response.write("one\n"));
	await expect(lines(backend, { ...request, silenceMs: 20 })).rejects.toMatchObject({
		code: "unavailable",
		message: expect.stringMatching(/^Consul at 127\.0\.0\.1:\d+ was silent for 20 ms$/),
	});
	await expect.poll(() => connections(server)).toBe(0);
});

test("a server that is not there is unavailable", async () => {
	const backend = new HttpBackend("Consul");
	await expect(backend.ask(requestTo("http://127.0.0.1:1/"))).rejects.toMatchObject({
		code: "unavailable",
		message: "Consul at 127.0.0.1:1 cannot be reached: connect ECONNREFUSED 127.0.0.1:1",
	});
});

test("a server that speaks another protocol is named for what it is", async () => {
	const url = await listening(
		createTcpServer((socket) => {
			socket.on("error", () => {});
			socket.end("-ERR unknown command\r\n", () => socket.destroy());
		}),
	);
	const backend = new HttpBackend("Consul");
	open.push(() => backend.close());
	await expect(backend.ask(requestTo(url))).rejects.toMatchObject({
		code: "failed_precondition",
		message: expect.stringMatching(
			/^what answers at .* is not Consul: it does not speak HTTP; check the address$/,
		),
	});
	await expect(backend.ask(requestTo(url.replace("http:", "https:")))).rejects.toMatchObject({
		code: "failed_precondition",
		message: expect.stringMatching(/does not speak TLS on this port; .* leave out "\+tls" to go without$/),
	});
});

test("a server that resets connections is told with what may be the reason, with and without TLS", async () => {
	const url = await listening(
		createTcpServer((socket) => {
			socket.on("error", () => {});
			socket.once("data", () => socket.resetAndDestroy());
		}),
	);
	const backend = new HttpBackend("Consul");
	open.push(() => backend.close());
	for (const [asked, hint] of [
		[url, "if it takes TLS only, ask for TLS in its URL"],
		[url.replace("http:", "https:"), 'if it does not speak TLS, leave out "+tls"'],
	] as const) {
		await expect(backend.ask(requestTo(asked))).rejects.toMatchObject({
			code: "unavailable",
			message: expect.stringMatching(`^Consul at .* cannot be reached: .*; ${RegExp.escape(hint)}$`),
		});
	}
});

async function lines(backend: HttpBackend, request: BackendRequest): Promise<string[]> {
	const found: string[] = [];
	for await (const { line } of backend.lines(request, background)) found.push(line);
	return found;
}

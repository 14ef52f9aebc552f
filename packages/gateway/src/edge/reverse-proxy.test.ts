import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { connect } from "node:http2";
import { type AddressInfo, connect as connectTcp } from "node:net";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { RawService } from "../fixtures/raw-service.ts";
import { System } from "../fixtures/system.ts";

let system: System;
let web: Server;
let handle: (request: IncomingMessage, response: ServerResponse) => void;
let target: string;
const seen: IncomingMessage[] = [];

beforeEach(async () => {
	system = await System.create();
	seen.length = 0;
	handle = (request, response) => {
		response.end(request.url);
	};
	web = createServer((request, response) => {
		seen.push(request);
		handle(request, response);
	});
	web.listen(0, "127.0.0.1");
	await once(web, "listening");
	target = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
});

afterEach(async () => {
	await system[Symbol.asyncDispose]();
	web.closeAllConnections();
	web.close();
});

describe("a web service behind a path", () => {
	test("gets the path and query as they are", async () => {
		const url = await system.open({ proxy: { "/app": target } });
		expect(await (await fetch(`${url}/app/a?b=c`)).text()).toBe("/app/a?b=c");
		expect(await (await fetch(`${url}/app`)).text()).toBe("/app");
	});

	test.each([
		["/", "/app/a?b=c", "/a?b=c"],
		["/", "/app", "/"],
		["/base", "/app/a", "/base/a"],
	])("whose URL has the path %s gets it in place of the prefix", async (path, asked, got) => {
		const url = await system.open({ proxy: { "/app": target + path } });
		expect(await (await fetch(url + asked)).text()).toBe(got);
	});

	test("may be a service that the registry lists, and an instance that cannot be reached costs no request", async () => {
		const registry = `static:payments=http://127.0.0.1:1,${target}`;
		const url = await system.open({
			registry,
			proxy: { "/pay": "service:payments", "/v1": "service:payments/" },
		});
		await expect.poll(async () => (await fetch(`${url}/pay/a`)).status).toBe(200);
		for (let count = 0; count < 6; count++) {
			expect(await (await fetch(`${url}/pay/a?b=c`)).text()).toBe("/pay/a?b=c");
			expect(await (await fetch(`${url}/v1/a`, { method: "POST", body: "x" })).text()).toBe("/a");
		}
		expect(seen.at(-1)?.headers.host).toBe(new URL(target).host);
	});

	test("of which no instance is up is answered 503", async () => {
		const url = await system.open({ proxy: { "/pay": "service:payments" } });
		const answer = await fetch(`${url}/pay/a`);
		expect([answer.status, await answer.json()]).toMatchObject([
			503,
			{ message: "no instance of service:payments is up" },
		]);
	});

	test("gets nothing of another path that only begins alike", async () => {
		const url = await system.open({ proxy: { "/app": target } });
		expect((await fetch(`${url}/apple`)).status).toBe(404);
	});

	test("has the paths below it, except those below a longer path", async () => {
		const url = await system.open({ proxy: { "/app": target, "/app/deep": `${target}/deeper` } });
		expect(await (await fetch(`${url}/app/deep/x`)).text()).toBe("/deeper/x");
	});

	test("is not left by steps upwards", async () => {
		const url = await system.open({ proxy: { "/app": target } });
		const answer = await fetch(`${url}/app/%2e%2e%2fadmin`);
		expect(answer.status).toBe(400);
		expect(seen).toEqual([]);
	});

	test("knows its caller, by name and id, with cookies, without Allium's own headers", async () => {
		const url = await system.open({ proxy: { "/app": target } });
		await fetch(`${url}/app`, {
			headers: { cookie: "a=1", "x-global-tenant": "evil", te: "trailers", "x-request-id": "one" },
		});
		const [headers] = seen.map((request) => request.headers);
		expect(headers).toMatchObject({
			cookie: "a=1",
			"x-forwarded-for": "127.0.0.1",
			"x-forwarded-host": new URL(url).host,
			"x-forwarded-proto": "http",
			"x-request-id": "one",
			host: new URL(target).host,
		});
		expect(headers).not.toHaveProperty("x-global-tenant");
		expect(headers).not.toHaveProperty("te");
	});

	test("answers with its own status and headers, several cookies among them", async () => {
		handle = (_, response) => {
			response.writeHead(201, { "set-cookie": ["a=1", "b=2"], "keep-alive": "timeout=1" });
			response.end("made");
		};
		const url = await system.open({ proxy: { "/app": target } });
		const answer = await fetch(`${url}/app`);
		expect(answer.status).toBe(201);
		expect(answer.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
	});

	test("streams both ways at once", async () => {
		handle = (request, response) => {
			response.flushHeaders();
			request.on("data", (chunk: Buffer) => response.write(chunk.toString().toUpperCase()));
			request.on("end", () => response.end());
		};
		const url = await system.open({ proxy: { "/app": target } });
		const session = connect(url);
		const stream = session.request({ ":path": "/app", ":method": "POST" });
		stream.setEncoding("utf8").write("a");
		expect(await once(stream, "data")).toEqual(["A"]);
		stream.end("b");
		expect(await once(stream, "data")).toEqual(["B"]);
		await once(stream, "end");
		session.destroy();
	});

	test("sees a body of unknown length framed, whatever the method", async () => {
		handle = async (request, response) => {
			let body = "";
			for await (const chunk of request) body += chunk;
			response.end(`${request.method} ${body}`);
		};
		const url = await system.open({ proxy: { "/app": target } });
		const body = new ReadableStream({
			start(controller) {
				controller.enqueue(new TextEncoder().encode("GET /admin HTTP/1.1\r\n\r\n"));
				controller.close();
			},
		});
		const answer = await fetch(`${url}/app`, { method: "DELETE", body, duplex: "half" } as RequestInit);
		expect(await answer.text()).toBe("DELETE GET /admin HTTP/1.1\r\n\r\n");
		expect(seen).toHaveLength(1);
	});

	test("is told when the client goes away", async () => {
		const closed = Promise.withResolvers<void>();
		handle = (request) => void request.on("close", () => closed.resolve());
		const url = await system.open({ proxy: { "/app": target } });
		const controller = new AbortController();
		const answer = fetch(`${url}/app`, { signal: controller.signal }).catch(() => {});
		await vi.waitFor(() => expect(seen).toHaveLength(1));
		controller.abort();
		await answer;
		await closed.promise;
	});

	test("an upload that its client resets does not look whole", async () => {
		const ended = vi.fn();
		const closed = Promise.withResolvers<void>();
		handle = (request) => {
			request.on("end", ended).on("error", () => {});
			request.on("close", () => closed.resolve()).resume();
		};
		const url = await system.open({ proxy: { "/app": target } });
		const session = connect(url);
		const controller = new AbortController();
		const upload = session.request({ ":path": "/app", ":method": "POST" }, { signal: controller.signal });
		upload.on("error", () => {}).write("half");
		await vi.waitFor(() => expect(seen).toHaveLength(1));
		controller.abort();
		await closed.promise;
		expect(ended).not.toHaveBeenCalled();
		session.destroy();
	});

	test("an answer that breaks off does not look whole", async () => {
		handle = (_, response) => {
			response.write("half");
			setImmediate(() => response.destroy());
		};
		const url = await system.open({ proxy: { "/app": target } });
		await expect(fetch(`${url}/app`).then((answer) => answer.text())).rejects.toThrow();
	});

	test("that does not begin its answer within a minute is 504", async () => {
		handle = () => {};
		const url = await system.open({ proxy: { "/app": target } });
		vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
		try {
			const answer = fetch(`${url}/app`);
			await vi.waitFor(() => expect(seen).toHaveLength(1));
			await vi.advanceTimersByTimeAsync(60_000);
			expect((await answer).status).toBe(504);
			expect(await (await answer).json()).toEqual({
				code: "deadline_exceeded",
				message: "the web service at /app takes too long",
			});
		} finally {
			vi.useRealTimers();
		}
	});

	test("that is not there is 502", async () => {
		const url = await system.open({ proxy: { "/app": "http://127.0.0.1:1" } });
		const answer = await fetch(`${url}/app`);
		expect(answer.status).toBe(502);
		expect(await answer.json()).toEqual({
			code: "unavailable",
			message: "the web service at /app cannot be reached",
		});
	});

	test("knows nothing of what strangers say of themselves as proxies do", async () => {
		const url = await system.open({ proxy: { "/app": target } });
		await fetch(`${url}/app`, {
			headers: {
				forwarded: "for=10.0.0.1;proto=https",
				"x-real-ip": "10.0.0.1",
				x_real_ip: "10.0.0.1",
				"x-forwarded-for": "10.0.0.1",
				"x-forwarded-host": "evil.example",
				"x-forwarded-port": "1",
				"x-forwarded-prefix": "/evil",
			},
		});
		const told = Object.entries(seen[0]?.headers ?? {}).filter(([name]) => /forwarded|real/.test(name));
		expect(Object.fromEntries(told)).toEqual({
			"x-forwarded-for": "10.0.0.1, 127.0.0.1",
			"x-forwarded-host": new URL(url).host,
			"x-forwarded-proto": "http",
			"x-real-ip": "127.0.0.1",
		});
	});

	test("that answers early is heard by a client that writes all before it reads", async () => {
		handle = (_, response) => void response.writeHead(413, { connection: "close" }).end("too large");
		const url = await system.open({ proxy: { "/app": target } });
		expect(await uploadThenRead(`${url}/app`, "too large")).toMatch(/^HTTP\/1\.1 413 /);
	});

	test("that answers early and reads no more is heard, too", async () => {
		await using service = await RawService.open(() => {});
		service.onHead = (socket) => {
			socket.pause();
			socket.write("HTTP/1.1 413 Too Large\r\ncontent-length: 9\r\n\r\ntoo large");
		};
		const url = await system.open({ proxy: { "/app": service.url } });
		expect(await uploadThenRead(`${url}/app`, "too large")).toMatch(/^HTTP\/1\.1 413 /);
		service.connections[0]?.resume();
		await vi.waitFor(() => expect(service.connections[0]?.destroyed).toBe(true));
	});

	test("that changes to a protocol that was not asked for is 502 at once", async () => {
		await using service = await RawService.open((socket) => {
			socket.write("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: odd\r\n\r\n");
		});
		const url = await system.open({ proxy: { "/app": service.url } });
		const answer = await fetch(`${url}/app`);
		expect(answer.status).toBe(502);
		expect(await answer.json()).toMatchObject({
			message: 'the web service at /app changes to "odd", for which it was not asked',
		});
	});

	test("stands on the front page", async () => {
		const url = await system.open({ proxy: { "/app": target } });
		expect(await (await fetch(url)).text()).toContain(`<td>/app</td><td>${target}/</td>`);
	});
});

/** Uploads 20 MB, and reads only after all is written, until a text arrives. Resolves with everything that arrived. */
async function uploadThenRead(url: string, last: string): Promise<string> {
	const { port, host, pathname } = new URL(url);
	const chunk = Buffer.alloc(1_000_000);
	const socket = connectTcp(Number(port), "127.0.0.1");
	const write = (bytes: string | Buffer) => new Promise((resolve) => socket.write(bytes, resolve));
	await write(`POST ${pathname} HTTP/1.1\r\nhost: ${host}\r\ncontent-length: ${20 * chunk.length}\r\n\r\n`);
	for (let sent = 0; sent < 20; sent++) await write(chunk);
	let answer = "";
	for await (const part of socket) {
		answer += part;
		if (answer.includes(last)) break;
	}
	return answer;
}

test.each(["/healthz", "/readyz/", "/metrics", "/-/ws", "/-"])("%s is the gateway's own", async (path) => {
	await expect(system.gateway({ proxy: { [path]: "http://127.0.0.1:3000" } }).start()).rejects.toThrow(
		`proxy cannot take ${path}: /-/…, /healthz, /readyz and /metrics are paths of the gateway itself`,
	);
});

test.each([
	["app", "http://127.0.0.1:3000"],
	["/app", "127.0.0.1:3000"],
	["/app", "ftp://a"],
	["/", "http://127.0.0.1:3000"],
])("%s to %s is refused in one sentence", async (path, url) => {
	await expect(system.gateway({ proxy: { [path]: url } }).start()).rejects.toThrow(
		/^proxy takes a path and a URL, such as/,
	);
});

/** Sends a request over HTTP/2. */
async function getHttp2(url: string, path: string) {
	const session = connect(url);
	const stream = session.request({ ":path": path });
	const [headers] = (await once(stream, "response")) as [Record<string, string | number | undefined>];
	let body = "";
	for await (const chunk of stream.setEncoding("utf8")) body += chunk;
	session.destroy();
	return { status: headers[":status"], headers, body };
}

describe("a web service that answers what HTTP does not have", () => {
	test.each(["099", "600", "999"])("as the status %s is a bad gateway, told by its path", async (status) => {
		await using service = await RawService.open((socket) =>
			socket.end(`HTTP/1.1 ${status} Odd\r\ncontent-length: 2\r\n\r\nhi`),
		);
		const url = await system.open({ proxy: { "/odd": service.url } });
		const told = `the web service at /odd answers with the status ${Number(status)}, and HTTP has those from 100 to 599`;
		const answer = await fetch(`${url}/odd`);
		expect(answer.status).toBe(502);
		expect(await answer.json()).toEqual({ code: "unavailable", message: told });
		expect(await getHttp2(url, "/odd")).toMatchObject({ status: 502, body: expect.stringContaining(told) });
	});

	test("as several values where one may stand, has the first passed on, and is named once", async () => {
		const doubled = ["content-type: text/plain", "etag: 1", "date: x", "last-modified: y", "set-cookie: z"];
		const lines = doubled.flatMap((line) => [line, line.replace(": ", ": other-")]).join("\r\n");
		await using service = await RawService.open((socket) =>
			socket.end(`HTTP/1.1 200 OK\r\n${lines}\r\ncontent-length: 2\r\n\r\nhi`),
		);
		const url = await system.open({ proxy: { "/odd": service.url } });
		const first = { "content-type": "text/plain", etag: "1", date: "x", "last-modified": "y" };
		for (const answer of [await getHttp2(url, "/odd"), await getHttp2(url, "/odd")]) {
			expect(answer).toMatchObject({ status: 200, body: "hi", headers: first });
			expect(answer.headers["set-cookie"]).toEqual(["z", "other-z"]);
		}
		const plain = await fetch(`${url}/odd`);
		expect(plain.headers.get("content-type")).toBe("text/plain");
		const said = system.lines.filter(({ message }) => message.includes("repeated a header"));
		expect(said.map(({ fields }) => fields.header)).toEqual([
			"content-type",
			"etag",
			"date",
			"last-modified",
		]);
		expect(said[0]?.fields).toMatchObject({ path: "/odd", url: service.url });
	});
});

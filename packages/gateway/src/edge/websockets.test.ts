import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { ServiceError } from "@allium/core";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { RawService } from "../fixtures/raw-service.ts";
import { System } from "../fixtures/system.ts";

let system: System;
let service: RawService;

beforeEach(async () => {
	system = await System.create();
	// It accepts, greets, and echoes what it receives.
	service = await RawService.open((socket) => {
		socket.removeAllListeners("data");
		socket.write(
			"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: yes\r\n\r\nhello",
		);
		socket.pipe(socket);
	});
});

afterEach(async () => {
	// A test that ran out of time leaves its fake timers.
	vi.useRealTimers();
	await service[Symbol.asyncDispose]();
	await system[Symbol.asyncDispose]();
});

/** A client that requests a WebSocket by hand, and the bytes that it has read. */
class Asking {
	read = "";
	readonly socket: Socket;

	constructor(url: string, headers: Record<string, string> = {}, early = "") {
		const all = { host: new URL(url).host, connection: "Upgrade", upgrade: "websocket", ...headers };
		const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
		this.socket = connect(Number(new URL(url).port), "127.0.0.1");
		this.socket
			.on("error", () => {})
			.on("data", (bytes) => {
				this.read += bytes.toString();
			});
		this.socket.write(`GET ${new URL(url).pathname} HTTP/1.1\r\n${lines.join("")}\r\n${early}`);
	}

	async until(text: string | RegExp): Promise<void> {
		await vi.waitFor(() => expect(this.read).toMatch(text));
	}

	async ended(): Promise<void> {
		if (!this.socket.destroyed) await once(this.socket, "close");
	}
}

describe("a WebSocket to a web service", () => {
	test("is passed on, with what either side says at once", async () => {
		const url = await system.open({ proxy: { "/app": service.url } });
		const client = new Asking(`${url}/app/live`, { "sec-websocket-key": "k", cookie: "a=1" }, "early ");
		client.socket.write("and late");
		await client.until(/helloearly and late$/);
		expect(client.read).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/);
		expect(client.read).toMatch(/\r\nupgrade: websocket\r\n/i);
		expect(client.read).toMatch(/\r\nsec-websocket-accept: yes\r\n/i);
		expect(client.read).toMatch(/\r\nx-request-id: /i);
		const [request] = service.requests;
		expect(request?.text).toMatch(/^GET \/app\/live HTTP\/1\.1\r\n/);
		for (const line of ["connection: Upgrade", "upgrade: websocket", "sec-websocket-key: k", "cookie: a=1"])
			expect(request?.text).toContain(`\r\n${line}\r\n`);
		client.socket.destroy();
	});

	test("works with the WebSockets of a runtime and of a service", async () => {
		const app = await system.serve();
		const own = app.addresses.find((address) => address.startsWith("http:"));
		const url = await system.open({ proxy: { "/up": `${own}/` } });
		const socket = new WebSocket(`${url.replace("http", "ws")}/up/-/ws`, "allium.v1");
		socket.binaryType = "arraybuffer";
		await new Promise((resolve) => socket.addEventListener("message", resolve));
		expect(socket.protocol).toBe("allium.v1");
		socket.close();
		await new Promise((resolve) => socket.addEventListener("close", resolve));
	});

	test("ends when the client ends it", async () => {
		const client = new Asking(`${await system.open({ proxy: { "/app": service.url } })}/app`);
		await client.until("hello");
		client.socket.destroy();
		await vi.waitFor(() => expect(service.connections[0]?.destroyed).toBe(true));
	});

	test("ends when the service ends it, after what it said", async () => {
		const client = new Asking(`${await system.open({ proxy: { "/app": service.url } })}/app`);
		await client.until("hello");
		service.connections[0]?.end("bye");
		await client.ended();
		expect(client.read).toMatch(/hellobye$/);
	});

	test("ends after ten minutes of silence", async () => {
		const url = await system.open({ proxy: { "/app": service.url } });
		vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
		try {
			const client = new Asking(`${url}/app`);
			await client.until("hello");
			const closed = once(service.connections[0] as Socket, "close");
			await vi.advanceTimersByTimeAsync(500_000);
			client.socket.write("still here");
			await client.until("still here");
			await vi.advanceTimersByTimeAsync(500_000);
			expect(client.socket.destroyed).toBe(false);
			await vi.advanceTimersByTimeAsync(100_000);
			await client.ended();
			await closed;
		} finally {
			vi.useRealTimers();
		}
	});

	test("ends with the gateway, which does not wait for it", async () => {
		const gateway = system.gateway({ proxy: { "/app": service.url }, gracePeriodMs: 60_000 });
		await gateway.start();
		const url = gateway.addresses.find((address) => address.startsWith("http:"));
		const client = new Asking(`${url}/app`);
		await client.until("hello");
		await gateway.stop();
		await client.ended();
		await vi.waitFor(() => expect(service.connections[0]?.destroyed).toBe(true));
	});

	test("waits while the client does not read", async () => {
		const client = new Asking(`${await system.open({ proxy: { "/app": service.url } })}/app`);
		await client.until("hello");
		client.socket.pause();
		const [flooding] = service.connections;
		flooding?.write(Buffer.alloc(64_000_000));
		let waiting = 0;
		await vi.waitFor(() => {
			const before = waiting;
			waiting = flooding?.writableLength ?? 0;
			expect(waiting).toBe(before);
		});
		expect(waiting).toBeGreaterThan(32_000_000);
		client.socket.destroy();
	});
});

describe("a WebSocket is refused", () => {
	const refusal = async (options: object, headers: Record<string, string>, path = "/app") => {
		const client = new Asking(
			`${await system.open({ proxy: { "/app": service.url }, ...options })}${path}`,
			headers,
		);
		await client.ended();
		return client.read.split("\r\n", 1)[0];
	};

	test("to pages of another origin, unless cors names them", async () => {
		const page = { origin: "https://app.example" };
		expect(await refusal({}, page)).toBe("HTTP/1.1 403 Forbidden");
		expect(service.requests).toHaveLength(0);
		const url = await system.open({ proxy: { "/app": service.url }, cors: ["https://app.example"] });
		const client = new Asking(`${url}/app`, page);
		await client.until("hello");
		client.socket.destroy();
	});

	test("to pages that point a name of theirs here", async () => {
		const page = { host: "evil.example", origin: "http://evil.example" };
		expect(await refusal({}, page)).toBe("HTTP/1.1 403 Forbidden");
	});

	test("to whom the guard refuses", async () => {
		const guard = () => {
			throw new ServiceError({ code: "unauthenticated" });
		};
		expect(await refusal({ guard }, {})).toBe("HTTP/1.1 401 Unauthorized");
		expect(service.requests).toHaveLength(0);
	});

	test("as the service refuses it", async () => {
		await using refusing = await RawService.open((socket) => {
			socket.write("HTTP/1.1 404 Not Found\r\ncontent-length: 4\r\n\r\nnope");
		});
		const url = await system.open({ proxy: { "/app": refusing.url } });
		const client = new Asking(`${url}/app`);
		await client.ended();
		expect(client.read).toMatch(/^HTTP\/1\.1 404 Not Found\r\n.*nope$/s);
	});

	test("as a bad gateway when nothing answers", async () => {
		expect(await refusal({ proxy: { "/app": "http://127.0.0.1:1" } }, {})).toBe("HTTP/1.1 502 Bad Gateway");
	});

	test("as a bad gateway when the service changes to something else", async () => {
		await using odd = await RawService.open((socket) => {
			socket.write("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: odd\r\n\r\n");
		});
		expect(await refusal({ proxy: { "/app": odd.url } }, {})).toBe("HTTP/1.1 502 Bad Gateway");
	});
});

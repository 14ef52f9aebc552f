import { once } from "node:events";
import { connect as connectHttp2, constants } from "node:http2";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { contract, method, stream } from "@allium/core";
import { get, routes } from "@allium/core/http";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import * as z from "zod";
import { acceptFrames } from "../pipe/accept-frames.ts";
import type { ServerLimits } from "../server/limits.ts";
import { Authority } from "../tls/fixtures/certificates.ts";
import { type AttackedServer, openAttackedServer } from "./fixtures/attacked-server.ts";

const Books = contract("books", {
	/** Four megabytes. */
	read: method({ output: z.object({ text: z.string() }), effect: "read" }),
	/** The same text repeated. */
	pages: method({ output: stream(z.object({ text: z.string() })), effect: "read" }),
});
const bookRoutes = routes(Books, { read: get("/book") });
const text = "x".repeat(4_000_000);

let target: AttackedServer;
let began: number;
let ended: number;
let logged: string[];

async function open(tls?: { cert: string; key: string }, limits: Partial<ServerLimits> = {}): Promise<void> {
	began = ended = 0;
	logged = [];
	const logger = { log: (_: string, message: string) => void logged.push(message) };
	// Time jumps here, and so do the pings of keep-alive. Answers that a busy machine gives late are not lost.
	const frameLimits = { keepAliveMs: Number.POSITIVE_INFINITY };
	const frames = { acceptFrames: acceptFrames({ limits: frameLimits }), webSockets: { limits: frameLimits } };
	const options = {
		logger,
		limits,
		...frames,
		...(tls !== undefined && { tls: { ...tls, plain: "allow" as const } }),
	};
	target = await openAttackedServer(options, (endpoints) => {
		const service = {
			read: async () => {
				began++;
				return { text };
			},
			async *pages() {
				began++;
				try {
					for (;;) yield { text };
				} finally {
					ended++;
				}
			},
		};
		endpoints.serve(Books, service, { routes: bookRoutes });
	});
}

const call = "/books/read?connect=v1&encoding=json&message={}";
const events = "accept: text/event-stream\r\n";

function ask(path: string, headers = ""): string {
	return `GET ${path} HTTP/1.1\r\nhost: localhost\r\n${headers}\r\n`;
}

/** A frame of Allium's protocol. */
function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
	const head = Buffer.alloc(10);
	head.writeUInt32BE(payload.length, 0);
	head.writeUInt8(type, 4);
	head.writeUInt8(flags, 5);
	head.writeUInt32BE(stream, 6);
	return Buffer.concat([head, payload]);
}

/** The headers of the first request of a connection of HTTP/2, which has no body. */
function http2Headers(block: Buffer): Buffer {
	const head = Buffer.from("000000010500000001", "hex");
	head.writeUInt8(block.length, 2);
	return Buffer.concat([head, block]);
}

const ping = frame(8, 0, 0, Buffer.alloc(8));
/** The beginning of a connection that grants unlimited room, and a call of `pages`. */
const callOfPages = Buffer.concat([
	Buffer.from("A16C6D01", "hex"),
	frame(0, 0, 0, Buffer.from("00027FFFFFFF00037FFFFFFF", "hex")),
	frame(1, 5, 1, Buffer.from("\xff\xff\xff\xff\0\x0bbooks/pages\0\0{}", "latin1")),
]);
/** The beginning of a connection of HTTP/2, and a call. */
const callOverHttp2 = Buffer.concat([
	Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
	Buffer.from("000000040000000000", "hex"),
	http2Headers(
		Buffer.from(`\x82\x87\x01\x09localhost\x04${String.fromCharCode(call.length)}${call}`, "latin1"),
	),
]);
const upgrade =
	"connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n" +
	"sec-websocket-protocol: allium.v1\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/** A binary message of a WebSocket, masked with zeros. */
function message(bytes: Buffer): Buffer {
	return Buffer.concat([Buffer.of(0x82, 0x80 | bytes.length, 0, 0, 0, 0), bytes]);
}

describe("a client that asks over and over, and reads nothing", () => {
	beforeEach(() => open());
	afterEach(() => target.listener.close());

	test("has a bounded number of replies ready on a connection of HTTP/2; the rest are given up", async () => {
		await target.listener.close();
		await open(undefined, { heldReplyBytes: 1_000_000 });
		const session = connectHttp2(target.url);
		const codes: number[] = [];
		for (let count = 0; count < 10; count++) {
			const each = session.request({ ":path": call });
			each.on("error", () => {}).once("close", () => codes.push(each.rstCode));
			each.pause();
		}
		// Four replies reach sixteen times the bound.
		await vi.waitFor(() => expect(codes).toEqual(Array(6).fill(constants.NGHTTP2_ENHANCE_YOUR_CALM)));
		session.destroy();
	});

	test("has one answer ready on a connection of HTTP/1.1: 100 calls at once, 4 MB each", async () => {
		const socket = await target.open();
		socket.pause().write(ask(call).repeat(100));
		await vi.waitFor(() => expect(began).toBeGreaterThan(0));
		for (let turn = 0; turn < 20; turn++) await target.neighbour();
		// Some replies fit into the buffers of the system. The handlers of these replies run, and one more.
		expect(began).toBeLessThan(10);
		socket.destroy();
	});

	test("gets all of it, in order, when it reads on", async () => {
		const socket = await target.open();
		socket.pause().write(ask(call).repeat(10) + ask("/healthz", "connection: close\r\n"));
		await vi.waitFor(() => expect(began).toBeGreaterThan(0));
		let bytes = 0;
		let last = "";
		socket.on("data", (chunk) => {
			bytes += chunk.length;
			last = String(chunk);
		});
		await once(socket.resume(), "close");
		expect(began).toBe(10);
		expect(bytes).toBeGreaterThan(10 * text.length);
		expect(last).toMatch(/\{"ok":true\}$/);
	});
});

describe("an answer that is not read", () => {
	let authority: Authority;

	beforeEach(async () => {
		vi.useFakeTimers({
			toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "performance"],
		});
		authority = new Authority();
		await open(authority.issue("server", ["127.0.0.1"]));
	});

	afterEach(async () => {
		vi.useRealTimers();
		authority.remove();
		await target.listener.close();
	});

	/** Lets time pass until a connection is cut because of it. */
	async function cut(): Promise<void> {
		await vi.waitFor(async () => {
			await vi.advanceTimersByTimeAsync(15_000);
			expect(logged).toContain("a connection was cut because its client does not read what it is sent");
		});
	}

	async function secure(): Promise<Socket> {
		const socket = connectTls({ port: target.port, host: "127.0.0.1", rejectUnauthorized: false });
		await once(socket, "secureConnect");
		return socket;
	}

	test.each([
		["a call", ask(call).repeat(3)],
		["a REST route", ask("/book").repeat(3)],
		["events", ask("/books/pages", events)],
	])("ends with its connection of HTTP/1.1: %s", async (_, request) => {
		for (const dial of [target.open, secure]) {
			const socket = await dial();
			logged = [];
			began = 0;
			socket.on("error", () => {}).pause();
			socket.write(request);
			// Earlier, the time for the first bytes would run out instead.
			await vi.waitFor(() => expect(began).toBeGreaterThan(0));
			await cut();
			socket.destroy();
		}
		await vi.waitFor(() => expect(ended).toBe(request.includes(events) ? 2 : 0));
	});

	test.each([
		["frames", callOfPages, ping],
		[
			"frames in a WebSocket",
			Buffer.concat([Buffer.from(ask("/-/ws", upgrade)), message(callOfPages)]),
			message(ping),
		],
	])("ends with its connection, though that sends all the time: %s", async (_, first, again) => {
		const socket = await target.open();
		socket.on("error", () => {}).pause();
		socket.write(first);
		await vi.waitFor(() => expect(began).toBe(1));
		await vi.waitFor(async () => {
			socket.write(again);
			await vi.advanceTimersByTimeAsync(5_000);
			expect(logged).toContain("a connection was cut because its client does not read what it is sent");
		});
		await vi.waitFor(() => expect(ended).toBe(1));
		socket.destroy();
	});

	test.each([
		["HTTP/1.1", "http/1.1", Buffer.from(ask(call))],
		["frames", undefined, callOfPages],
		["HTTP/2", "h2", callOverHttp2],
	])("ends with its connection of TLS that is reset as the handshake ends: %s", async (_, alpn, bytes) => {
		await target.listener.close();
		await open(authority.issue("server", ["127.0.0.1"]), { connections: 1 });
		const outer = await target.open();
		outer.on("error", () => {});
		const ALPNProtocols = alpn === undefined ? [] : [alpn];
		const socket = connectTls({ socket: outer, rejectUnauthorized: false, ALPNProtocols });
		// Bytes that wait for the handshake leave together with its end, and the server sees both with the reset.
		socket.on("error", () => {}).write(bytes);
		socket.once("secureConnect", () => setImmediate(() => outer.resetAndDestroy()));
		await vi.waitFor(() => expect(began).toBe(1));
		await vi.waitFor(async () => {
			await vi.advanceTimersByTimeAsync(15_000);
			// There is room for another client once the connection is gone.
			expect(await target.raw(ask("/healthz", "connection: close\r\n"))).toMatch(/^HTTP\/1.1 200 /);
		});
	});

	test("is left alone while its client reads a little from time to time", async () => {
		const socket = await target.open();
		socket.pause().write(ask("/books/pages", events));
		let taken = 0;
		for (let turn = 0; turn < 10; turn++) {
			// This is enough for the system to tell the other side that there is room.
			for (let read = 0; read < 8_000_000; ) {
				const chunk: Buffer | null = socket.read();
				if (chunk === null) await once(socket, "readable");
				else read += chunk.length;
				taken += chunk?.length ?? 0;
			}
			await vi.advanceTimersByTimeAsync(45_000);
		}
		expect(taken).toBeGreaterThan(80_000_000);
		expect(ended).toBe(0);
		socket.destroy();
	});

	test("ends with its stream of HTTP/2, when the client gives no room for it", async () => {
		const session = connectHttp2(target.url);
		const streams = [call, "/book"].map((path) => session.request({ ":path": path }));
		streams.push(session.request({ ":path": "/books/pages", accept: "text/event-stream" }));
		const closed = streams.map((each) => {
			each.on("error", () => {});
			return once(each, "close");
		});
		await Promise.all(streams.map((each) => once(each, "response")));
		for (const each of streams) each.pause();
		// The connection is alive: it answers pings all the time.
		for (let second = 0; second < 61; second++) {
			await new Promise((resolve) => session.ping(resolve));
			await vi.advanceTimersByTimeAsync(1_000);
		}
		for (const each of streams) each.resume();
		await Promise.all(closed);
		expect(streams.map(({ rstCode }) => rstCode)).toEqual([8, 8, 8]);
		await vi.waitFor(() => expect(ended).toBe(1));
		session.destroy();
	});

	test("comes whole over HTTP/2, however slowly it is read", async () => {
		const session = connectHttp2(target.url);
		const read = session.request({ ":path": call });
		let bytes = 0;
		for await (const chunk of read) {
			bytes += chunk.length;
			if (bytes % 7 === 0) await vi.advanceTimersByTimeAsync(10_000);
		}
		expect(bytes).toBe(text.length + '{"text":""}'.length);
		session.destroy();
	});
});

import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { contract, get, method, routes, stream } from "@allium/core";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import * as z from "zod";
import { Authority } from "../tls/fixtures/certificates.ts";
import { openTarget, type Target } from "./fixtures/target.ts";

const Books = contract("books", {
	/** Four megabytes. */
	read: method({ output: z.object({ text: z.string() }), effect: "read" }),
	/** The same again and again. */
	pages: method({ output: stream(z.object({ text: z.string() })), effect: "read" }),
});
const bookRoutes = routes(Books, { read: get("/book") });
const text = "x".repeat(4_000_000);

let target: Target;
let began: number;
let ended: number;
let logged: string[];

async function open(tls?: { cert: string; key: string }): Promise<void> {
	began = ended = 0;
	logged = [];
	const logger = { log: (_: string, message: string) => void logged.push(message) };
	const options = { logger, ...(tls !== undefined && { tls: { ...tls, plain: "allow" as const } }) };
	target = await openTarget(options, (endpoints) => {
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

describe("a client that asks over and over, and reads nothing", () => {
	beforeEach(() => open());
	afterEach(() => target.listener.close());

	test("has one answer ready on a connection of HTTP/1.1: 100 calls at once, 4 MB each", async () => {
		const socket = await target.open();
		socket.pause().write(ask(call).repeat(100));
		await vi.waitFor(() => expect(began).toBeGreaterThan(0));
		for (let turn = 0; turn < 20; turn++) await target.neighbour();
		// Some fit into the buffers of the system; those run that did, and one.
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

describe("an answer that nobody reads", () => {
	let authority: Authority;

	beforeEach(async () => {
		vi.useFakeTimers({
			toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "performance"],
		});
		authority = new Authority();
		await open(authority.issue("server", "IP:127.0.0.1"));
	});

	afterEach(async () => {
		vi.useRealTimers();
		authority.remove();
		await target.listener.close();
	});

	/** Lets time pass until a connection is cut for it. */
	async function cut(): Promise<void> {
		await vi.waitFor(async () => {
			await vi.advanceTimersByTimeAsync(15_000);
			expect(logged).toContain("a connection was cut, as its client reads nothing of what it is sent");
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
			// Before that the time for the first bytes would be over.
			await vi.waitFor(() => expect(began).toBeGreaterThan(0));
			await cut();
			socket.destroy();
		}
		await vi.waitFor(() => expect(ended).toBe(request.includes(events) ? 2 : 0));
	});

	test("is left alone while its client reads a little from time to time", async () => {
		const socket = await target.open();
		socket.pause().write(ask("/books/pages", events));
		let taken = 0;
		for (let turn = 0; turn < 10; turn++) {
			// Enough for the system to tell the other side that there is room.
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
		// The connection lives: it answers pings all the time.
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

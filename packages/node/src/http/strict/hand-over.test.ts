import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type AttackedServer, openAttackedServer, post } from "../../hostile/fixtures/attacked-server.ts";
import { Authority } from "../../tls/fixtures/certificates.ts";
import { cutAt } from "./fixtures/conversations.ts";
import { type RecordedOptions, strictServer } from "./fixtures/recorded-server.ts";

const chunked = "Host: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nthird\r\n0\r\n\r\n";
/** Two requests for the strict reader, and three for Node. */
const conversation = Buffer.from(
	[
		"POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nfirst",
		"GET /2 HTTP/1.1\r\nHost: x\r\n\r\n",
		`POST /3 HTTP/1.1\r\n${chunked}`,
		"POST /4 HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nfourth",
		"GET /5 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
	].join(""),
);

describe("requests on both sides of a hand-over are seen whole and in order, and answered in order", () => {
	const authority = new Authority();
	const { cert, key } = authority.issue("server", ["127.0.0.1"]);
	const tls = { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
	authority.remove();

	test.each<[string, RecordedOptions]>([
		["plain, with quick answers", {}],
		["plain, with slow answers", { turns: 5 }],
		["over TLS, with quick answers", { tls }],
		["over TLS, with slow answers", { tls, turns: 5 }],
	])("at whatever byte they are cut: %s", async (_, options) => {
		const server = await strictServer(options);
		for (let place = 0; place < conversation.length; place++) {
			const parts = cutAt(conversation, [place]);
			const { requests, answer, isClosed, handedOverAfter } = await server.converse(parts);
			expect(requests.map(({ target, body }) => target + body)).toEqual([
				"/1first",
				"/2",
				"/3third",
				"/4fourth",
				"/5",
			]);
			expect([...answer.matchAll(/answer (\d)/g)].map(([, index]) => index).join("")).toBe("01234");
			expect([isClosed, handedOverAfter]).toEqual([true, 2]);
		}
		server.close();
	});
});

describe("a connection that waits to be handed over", () => {
	let target: AttackedServer;
	afterEach(() => target.listener.close());
	const waiting = `${post("/lab/hang", "{}")}POST /lab/ping HTTP/1.1\r\n${chunked}`;

	test("cancels its call when the client leaves", async () => {
		target = await openAttackedServer();
		const socket = await target.open();
		socket.write(waiting);
		await vi.waitFor(() => expect(target.log.running).toBe(1));
		socket.destroy();
		await vi.waitFor(() => expect(target.log.ended).toEqual(["canceled"]));
	});

	test("is read into a bounded buffer", async () => {
		target = await openAttackedServer();
		const socket = await target.open();
		socket.on("error", () => {}).write(waiting);
		await vi.waitFor(() => expect(target.log.running).toBe(1));
		const flood = Buffer.alloc(64 * 1024 * 1024);
		const all = new Promise((resolve) => socket.write(flood, () => resolve("all of it was taken")));
		for (let turn = 0; turn < 50; turn++) await target.neighbour();
		// The system holds some megabytes, and the server none.
		const state = await Promise.race([all, Promise.resolve("it waits")]);
		expect(state).toBe("it waits");
		socket.destroy();
	});
});

describe("the time", () => {
	let target: AttackedServer;
	let socket: Socket;
	let answer: string;

	beforeEach(async () => {
		vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
		target = await openAttackedServer();
		socket = await target.open();
		answer = "";
		socket
			.on("error", () => {})
			.on("data", (bytes) => {
				answer += bytes.toString("latin1");
			});
	});

	afterEach(async () => {
		vi.useRealTimers();
		socket.destroy();
		await target.listener.close();
	});

	/** Waits until the server has read the sent bytes: it serves others meanwhile. */
	async function settle(): Promise<void> {
		for (let turn = 0; turn < 3; turn++) await target.neighbour();
	}

	test("of a head goes on when it is handed over", async () => {
		socket.write("POST /lab/ping HTTP/1.1\r\nHost: x\r\n");
		await settle();
		await vi.advanceTimersByTimeAsync(8_000);
		socket.write("Transfer-Encoding: chunked\r\n");
		await settle();
		expect(answer).toBe("");
		await vi.advanceTimersByTimeAsync(3_000);
		await vi.waitFor(() => expect(answer).toMatch(/^HTTP\/1\.1 408 /));
	});

	test("of a connection does not cut a slow upload that was handed over", async () => {
		socket.write("POST /lab/ping HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n");
		socket.write("Transfer-Encoding: chunked\r\n\r\n1\r\n{");
		await settle();
		await vi.advanceTimersByTimeAsync(1_000_000);
		await settle();
		socket.write("\r\n1\r\n}\r\n0\r\n\r\n");
		await vi.waitFor(() => expect(answer).toMatch(/^HTTP\/1\.1 200 /));
	});

	test("without a request ends the connection a second after its hint", async () => {
		socket.write(post("/lab/ping", "{}"));
		await vi.waitFor(() => expect(answer).toContain("Keep-Alive: timeout=60"));
		await settle();
		await vi.advanceTimersByTimeAsync(59_000);
		expect(socket.readyState).toBe("open");
		const closed = new Promise((resolve) => socket.once("close", resolve));
		await vi.advanceTimersByTimeAsync(4_000);
		await closed;
	});
});

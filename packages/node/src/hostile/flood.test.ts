import { execFileSync, fork } from "node:child_process";
import { once } from "node:events";
import { connect as connectHttp2, constants } from "node:http2";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, deflateSync, gzipSync, constants as zlib } from "node:zlib";
import { Context, contract, method } from "@allium/core";
import { afterEach, describe, expect, test, vi } from "vitest";
import { Lab } from "../http/fixtures/lab.ts";
import { acceptFrames } from "../pipe/accept-frames.ts";
import { frames } from "../pipe/frames-transport.ts";
import { Authority } from "../tls/fixtures/certificates.ts";
import { type AttackedServer, everything, openAttackedServer, post } from "./fixtures/attacked-server.ts";

const mebibyte = 1024 * 1024;
let target: AttackedServer;

afterEach(() => target.listener.close());

/** The growth of this process' memory while something happens, at its highest, in MiB. */
async function growth(action: () => Promise<void>): Promise<number> {
	globalThis.gc?.();
	const before = process.memoryUsage().rss;
	let most = before;
	const timer = setInterval(() => {
		most = Math.max(most, process.memoryUsage().rss);
	}, 10);
	try {
		await action();
	} finally {
		clearInterval(timer);
	}
	return Math.round((Math.max(most, process.memoryUsage().rss) - before) / mebibyte);
}

describe("10,000 connections that never get anywhere", () => {
	const count = 10_000;
	const descriptors = Number(execFileSync("sh", ["-c", "ulimit -n"]).toString()) || Number.POSITIVE_INFINITY;

	test("are held at little cost while others are served, and leave nothing when it closes", async (test) => {
		if (descriptors < count + 500) {
			test.skip(
				`only ${descriptors} file descriptors may be open here (ulimit -n); ${count + 500} are needed`,
			);
		}
		const authority = new Authority();
		target = await openAttackedServer({
			// Opening all of them takes longer than the default time of each.
			limits: {
				connections: count + 100,
				firstByteTimeoutMs: 600_000,
				headersTimeoutMs: 600_000,
				handshakeTimeoutMs: 600_000,
			},
			acceptFrames: acceptFrames({ limits: { handshakeMs: 600_000 } }),
			tls: { ...authority.issue("server", ["127.0.0.1"]), plain: "allow" },
		});
		authority.remove();
		const program = fileURLToPath(new URL("fixtures/connections.ts", import.meta.url));
		const strangers = fork(program, [String(target.port), String(count)], {
			execPath: fileURLToPath(new URL("../../../../node_modules/.bin/node", import.meta.url)),
			execArgv: [],
		});
		const exited = once(strangers, "exit");
		const all: string[] = [];
		strangers.on("message", (message) => all.push(String(message)));
		const used = await growth(async () => {
			await vi.waitFor(() => expect(all).toEqual([`${count} open`]), 30_000);
			// A busy machine may hold up one of them.
			await vi.waitFor(async () => {
				const { status, took } = await target.neighbour();
				expect(status).toBe(200);
				expect(took).toBeLessThan(1_000);
			});
		});
		console.log(`${all[0]}: ${used} MiB, ${((used * 1024) / count).toFixed(1)} KiB each`);
		expect(used).toBeLessThan(250);
		await target.listener.close();
		// With nothing left open, the process ends.
		await exited;
		expect(all).toContain("all cut");
	});

	test("are refused beyond the limit", async () => {
		target = await openAttackedServer({ limits: { connections: 5 } });
		const sockets = await Promise.all(Array.from({ length: 8 }, () => target.open()));
		const cut = sockets.map((socket) => everything(socket));
		await Promise.race(cut);
		await vi.waitFor(() => expect(sockets.filter((socket) => socket.closed)).toHaveLength(3));
		for (const socket of sockets) socket.destroy();
	});
});

describe("what arrives byte by byte", () => {
	test.each([
		["the first byte", "", "", /^$/],
		["the head of a request", "POST /lab/ping HTTP/1.1\r\nhost: localhost\r\n", "x", /^HTTP\/1\.1 408 /],
		[
			"the body of a request",
			post("/lab/sum", "").replace("length: 0", "length: 100"),
			" ",
			/deadline_exceeded/,
		],
		["the preface of HTTP/2", "PRI * HTTP/2.0\r\n", "", /^(?!HTTP)/],
		["the preface of frames", "\u00a1l", "", /^(?!HTTP)/],
	])("ends with its connection when it takes too long: %s", async (_, beginning, drop, end) => {
		target = await openAttackedServer({
			limits: { firstByteTimeoutMs: 200, headersTimeoutMs: 200, bodyTimeoutMs: 200, idleTimeoutMs: 300 },
			acceptFrames: acceptFrames({ limits: { handshakeMs: 200 } }),
		});
		const socket = await target.open();
		const answer = everything(socket);
		socket.write(beginning, "latin1");
		const drip = setInterval(() => socket.write(drop), 20);
		expect(await answer).toMatch(end);
		clearInterval(drip);
		expect(await target.neighbour()).toMatchObject({ status: 200 });
	});

	test("ends with its connection: the headers of an HTTP/2 stream", async () => {
		target = await openAttackedServer({ limits: { idleTimeoutMs: 300, headersTimeoutMs: 300 } });
		const headers = Buffer.from([0, 0, 1, 1, 0, 0, 0, 0, 1, 0x82]);
		await target.raw("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]), headers);
		expect(await target.neighbour()).toMatchObject({ status: 200 });
	});

	test("ends with its connection: headers of HTTP/2 that are continued for ever", async () => {
		target = await openAttackedServer();
		const headers = Buffer.from([0, 0, 1, 1, 0, 0, 0, 0, 1, 0x82]);
		const continuation = Buffer.from([0, 0, 1, 9, 0, 0, 0, 0, 1, 0x82]);
		const flood = Array.from({ length: 1_000 }, () => continuation);
		await target.raw(
			"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
			Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
			headers,
			Buffer.concat(flood),
		);
		expect(await target.neighbour()).toMatchObject({ status: 200 });
	});
});

describe("a body of 1 GiB", () => {
	const gibibyte = 1024 * mebibyte;

	test("is refused by its length, before it is read", async () => {
		target = await openAttackedServer();
		const socket = await target.open();
		const answer = everything(socket);
		socket.write(post("/lab/echo", "").replace("content-length: 0", `content-length: ${gibibyte}`));
		await once(socket, "data");
		expect(socket.bytesWritten).toBeLessThan(1_000);
		socket.destroy();
		expect(await answer).toContain("message_too_large");
	});

	test("is refused where the limit is, when it comes in chunks", async () => {
		target = await openAttackedServer();
		const chunk = Buffer.concat([Buffer.from("10000\r\n"), Buffer.alloc(65_536, 0x20), Buffer.from("\r\n")]);
		let sent = 0;
		const used = await growth(async () => {
			const socket = await target.open();
			const answer = everything(socket);
			socket.write(post("/lab/echo", "").replace("content-length: 0", "transfer-encoding: chunked"));
			let answered = false;
			socket.once("data", () => {
				answered = true;
			});
			while (!answered && sent < gibibyte) {
				sent += chunk.length;
				if (!socket.write(chunk)) await Promise.race([once(socket, "drain"), once(socket, "data")]);
			}
			socket.destroy();
			expect(await answer).toContain("message_too_large");
		});
		console.log(`a chunked body was refused after ${Math.round(sent / mebibyte)} MiB; memory ${used} MiB`);
		expect(sent).toBeLessThan(64 * mebibyte);
		expect(used).toBeLessThan(100);
		expect(await target.neighbour()).toMatchObject({ status: 200 });
	});

	test("is refused where the limit is, over HTTP/2", async () => {
		target = await openAttackedServer();
		const session = connectHttp2(target.url);
		const stream = session.request({
			":method": "POST",
			":path": "/lab/echo",
			"content-type": "application/json",
		});
		let sent = 0;
		const chunk = Buffer.alloc(65_536, 0x20);
		const answered = once(stream, "response");
		let ended = false;
		void answered.then(() => {
			ended = true;
		});
		stream.on("error", () => {});
		while (!ended && sent < gibibyte) {
			sent += chunk.length;
			if (!stream.write(chunk)) await Promise.race([once(stream, "drain"), answered]);
		}
		const [headers] = await answered;
		expect(headers[":status"]).toBe(429);
		expect(sent).toBeLessThan(64 * mebibyte);
		session.destroy();
	});

	test("is refused where the limit is, over frames", async () => {
		target = await openAttackedServer();
		const peer = frames().dial(target.listener.addresses[0] as string);
		const text = "x".repeat(64 * mebibyte);
		await expect(peer.endpoint(Lab.echo)({ text }, Context.background())).rejects.toMatchObject({
			code: "resource_exhausted",
			reason: "message_too_large",
		});
		await peer.close();
	});

	test("cannot be held in parts by many connections", async () => {
		target = await openAttackedServer({ limits: { heldBodyBytes: 8 * mebibyte } });
		const part = post("/lab/echo", "").replace("content-length: 0", `content-length: ${4 * mebibyte}`);
		const sockets = await Promise.all(Array.from({ length: 20 }, () => target.open()));
		let refused = 0;
		for (const socket of sockets) {
			socket
				.on("error", () => {})
				.on("data", (bytes) => {
					if (bytes.toString().includes("too many bodies")) refused++;
				});
			socket.write(part);
			socket.write(Buffer.alloc(mebibyte, 0x20));
		}
		// There is room for eight parts.
		await vi.waitFor(() => expect(refused).toBeGreaterThanOrEqual(12));
		for (const socket of sockets) socket.destroy();
		await vi.waitFor(async () => expect(await target.neighbour()).toMatchObject({ status: 200 }));
	});
});

describe("a body that is larger than it looks", () => {
	const text = JSON.stringify({ text: "x".repeat(64 * mebibyte) });

	const send = (encoding: string, body: Buffer): Promise<Response> => {
		const headers = { "content-type": "application/json", "content-encoding": encoding };
		return fetch(`${target.url}/lab/echo`, { method: "POST", headers, body: new Uint8Array(body) });
	};

	test.each([
		["gzip", gzipSync(text)],
		["br", brotliCompressSync(text, { params: { [zlib.BROTLI_PARAM_QUALITY]: 1 } })],
		["deflate", deflateSync(text)],
	])("is refused where the limit is, many at once: %s", async (encoding, bomb) => {
		target = await openAttackedServer();
		expect(bomb.length).toBeLessThan(mebibyte);
		const before = process.memoryUsage().rss;
		const answers = await Promise.all(Array.from({ length: 50 }, () => send(encoding, bomb)));
		for (const answer of answers) {
			expect(answer.status).toBe(429);
			expect(await answer.json()).toMatchObject({ code: "resource_exhausted" });
		}
		// All bodies would take 3 GiB, and 4 MiB of each 200 MiB.
		expect(process.memoryUsage().rss - before).toBeLessThan(400 * mebibyte);
		expect(await target.neighbour()).toMatchObject({ status: 200 });
	});

	test.each(["zstd", "gzip, gzip"])(
		"is refused unread when it is not known how to read it: %s",
		async (encoding) => {
			target = await openAttackedServer();
			const response = await send(encoding, Buffer.alloc(1_000));
			expect(response.status).toBe(415);
			expect(response.headers.get("accept-encoding")).toBe("gzip, deflate, br");
		},
	);

	const gzipped: Record<string, string> = { "connect-content-encoding": "gzip" };

	test.each([
		["when no compression was agreed on", {}, gzipSync("{}"), /compressed, though no compression/],
		[
			"when it is too large inflated",
			gzipped,
			gzipSync(Buffer.alloc(64 * 1024 * 1024, 32)),
			/resource_exhausted/,
		],
		["when it is not what its flag says", gzipped, Buffer.alloc(10), /unparsable|encoding/],
	])("is refused in a stream: %s", async (_, headers, message, error) => {
		target = await openAttackedServer();
		const head = Buffer.alloc(5);
		head[0] = 1;
		head.writeUInt32BE(message.length, 1);
		const response = await fetch(`${target.url}/lab/total`, {
			method: "POST",
			headers: { "content-type": "application/connect+json", ...headers },
			body: Buffer.concat([head, message]),
		});
		expect(await response.text()).toMatch(error);
	});
});

describe("streams of HTTP/2 that are reset as soon as they are opened", () => {
	/** Opens streams and resets them at once. Resolves with the code by which the server ended the session. */
	async function reset(count: number, path: string): Promise<number | undefined> {
		const session = connectHttp2(target.url);
		let code: number | undefined;
		session
			.on("error", () => {})
			.on("goaway", (given) => {
				code = given;
			});
		await once(session, "connect");
		for (let opened = 0; opened < count && !session.destroyed; opened++) {
			const headers = { ":method": "POST", ":path": path, "content-type": "application/json" };
			const stream = session.request({ ...headers, "content-length": 2 });
			stream.on("error", () => {});
			stream.write("{}");
			stream.close(constants.NGHTTP2_CANCEL);
			// It goes as fast as the server releases them.
			if (opened % 100 === 99) await new Promise((resolve) => session.ping(resolve));
		}
		await new Promise((resolve) => (session.destroyed ? resolve(0) : session.ping(resolve)));
		session.destroy();
		return code;
	}

	test("leave nothing running: 1,000 of them", async () => {
		target = await openAttackedServer();
		expect(await reset(1_000, "/lab/hang")).toBeUndefined();
		await vi.waitFor(() => expect(target.log.running).toBe(0));
		expect(await target.neighbour()).toMatchObject({ status: 200 });
	});

	test("end their connection with ENHANCE_YOUR_CALM when there are more", async () => {
		target = await openAttackedServer({ limits: { resets: 200 } });
		expect(await reset(2_000, "/lab/hang")).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
		await vi.waitFor(() => expect(target.log.running).toBe(0));
		expect(target.log.ended.length).toBeLessThan(400);
		expect(await target.neighbour()).toMatchObject({ status: 200 });
	});
});

describe("handlers that go on though their streams were reset", () => {
	const Mill = contract("mill", { grind: method({}) });

	test("are no more than streams may be open, and the next stream is refused as not executed", async () => {
		let running = 0;
		const finished = Promise.withResolvers<void>();
		target = await openAttackedServer({ limits: { streams: 20 } }, (endpoints) =>
			endpoints.serve(Mill, {
				async grind() {
					running++;
					await finished.promise;
					running--;
				},
			}),
		);
		const session = connectHttp2(target.url);
		await once(session, "connect");
		const codes: (number | undefined)[] = [];
		for (let round = 0; round < 100; round++) {
			const headers = { ":method": "POST", ":path": "/mill/grind", "content-type": "application/json" };
			const stream = session.request(headers);
			stream.on("error", () => {});
			const closed = new Promise((resolve) => stream.once("close", resolve));
			stream.end("{}");
			if (round < 20) {
				await vi.waitFor(() => expect(running).toBe(round + 1), { interval: 1 });
				stream.close(constants.NGHTTP2_CANCEL);
			}
			await closed;
			if (round >= 20) codes.push(stream.rstCode);
		}
		expect(running).toBe(20);
		expect(codes).toEqual(Array.from({ length: 80 }, () => constants.NGHTTP2_REFUSED_STREAM));
		finished.resolve();
		await vi.waitFor(() => expect(running).toBe(0));
		session.destroy();
		expect(await target.neighbour()).toMatchObject({ status: 200 });
	});
});

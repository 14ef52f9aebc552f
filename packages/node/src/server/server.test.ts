import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { Context, type LogLevel } from "@allium/core";
import type { Listener } from "@allium/core/transport";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Lab, type LabLog, openLab } from "../http/fixtures/lab.ts";
import { HttpPeer } from "../http/http-peer.ts";
import { acceptFrames } from "../pipe/accept-frames.ts";
import { frames } from "../pipe/frames-transport.ts";
import { listen, type ServerOptions } from "./server.ts";

let log: LabLog;
let listener: Listener;
let logged: [LogLevel, string][];

const limits = { firstByteTimeoutMs: 150, headersTimeoutMs: 200, idleTimeoutMs: 5_000 };

async function start(options: ServerOptions = {}): Promise<void> {
	const lab = openLab();
	log = lab.log;
	logged = [];
	listener = await listen(lab.endpoints, {
		acceptFrames: acceptFrames(),
		logger: { log: (level, message) => logged.push([level, message]) },
		limits,
		...options,
	});
}

function url(scheme: "http" | "allium" = "http"): string {
	const found = listener.addresses.find((address) => address.startsWith(`${scheme}:`));
	if (found === undefined) throw new Error(`no address for ${scheme}`);
	return found;
}

function open(): Promise<Socket> {
	return new Promise((resolve, reject) => {
		const socket = connect(Number(new URL(url()).port), "127.0.0.1", () => resolve(socket));
		socket.once("error", reject);
	});
}

/** Everything that arrives on a socket until it ends in any way. */
function ended(socket: Socket): Promise<string> {
	return new Promise((resolve) => {
		let all = "";
		socket.on("data", (bytes) => {
			all += bytes.toString("latin1");
		});
		socket.on("error", () => {}).on("close", () => resolve(all));
	});
}

async function sum(): Promise<number> {
	const headers = { "content-type": "application/json" };
	return (await fetch(`${url()}/lab/sum`, { method: "POST", headers, body: '{"a":1,"b":2}' })).status;
}

const request = (path: string, body = "{}"): string =>
	`POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;

afterEach(() => listener.close());

describe("one port", () => {
	beforeEach(() => start());

	test("says where frames and HTTP are reached", () => {
		const { port } = new URL(url());
		expect(listener.addresses).toEqual([`allium://127.0.0.1:${port}`, `http://127.0.0.1:${port}`]);
	});

	test("speaks frames, HTTP/1.1 and HTTP/2 there", async () => {
		const background = Context.background();
		const overFrames = frames().dial(url("allium"));
		const overHttp = new HttpPeer(url());
		async function* say() {
			yield { text: "hello" };
		}
		expect(await overFrames.endpoint(Lab.sum)({ a: 1, b: 2 }, background)).toEqual({ v: 3 });
		expect(await overHttp.endpoint(Lab.sum)({ a: 1, b: 2 }, background)).toEqual({ v: 3 });
		const messages = (await overHttp.endpoint(Lab.chat)(say(), background)) as AsyncIterator<unknown>;
		expect((await messages.next()).value).toEqual({ text: "you said hello" });
		await overFrames.close();
		await overHttp.close();
	});

	test("takes bytes one at a time", async () => {
		const socket = await open();
		const answer = ended(socket);
		const head = request("/lab/sum", '{"a":1,"b":2}').replace(
			"host: localhost",
			"host: localhost\r\nconnection: close",
		);
		for (const byte of head) {
			socket.write(byte);
			await new Promise((resolve) => setImmediate(resolve));
		}
		expect(await answer).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*\{"v":3\}$/);
	});

	test("takes the preface of HTTP/2 one byte at a time", async () => {
		const socket = await open();
		let first: Uint8Array | undefined;
		socket.once("data", (bytes: Buffer) => {
			first = bytes;
		});
		for (const byte of "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") {
			socket.write(byte);
			await new Promise((resolve) => setImmediate(resolve));
		}
		socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]));
		// The first frame of a server is SETTINGS, type 4.
		await vi.waitFor(() => expect(first?.[3]).toBe(4));
		socket.destroy();
	});

	test("garbage ends its own connection only", async () => {
		const garbage = [
			Buffer.from([0, 1, 2, 3, 4, 5, 6, 7]),
			Buffer.from("GET\r\n\r\n\r\n"),
			Buffer.from("PRI * HTTP/1.1 garbage"),
			Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\ngarbage garbage garbage"),
			Buffer.from([0xa1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
			Buffer.from([0x16, 3, 1, 2, 0]),
			Buffer.concat([Buffer.from("GET / HTTP/1.1\r\nx: "), Buffer.alloc(64 * 1024, "x")]),
		];
		const sockets = await Promise.all(garbage.map(() => open()));
		const ends = sockets.map(ended);
		for (const [index, socket] of sockets.entries()) socket.write(garbage[index] ?? "");
		await Promise.all(ends);
		expect(await sum()).toBe(200);
	});

	test("says that TLS is not switched on", async () => {
		const socket = await open();
		const answer = ended(socket);
		socket.write(Buffer.from([0x16, 3, 1]));
		expect(await answer).toBe("");
		expect(logged).toContainEqual(["warn", "a client spoke TLS, which is not switched on here"]);
	});

	test.each([
		["nothing at all", ""],
		["half of what would tell", "PR"],
		["half of the head of HTTP/1.1", "GET / HTTP/1.1\r\nhost: localhost\r\n"],
		["half of the preface of HTTP/2", "PRI * HTTP"],
	])("does not wait for ever for a client that sent %s", async (_, bytes) => {
		const socket = await open();
		const answer = ended(socket);
		if (bytes !== "") socket.write(bytes);
		expect(await answer).toMatch(/^(?:HTTP\/1\.1 408 [\s\S]*|[^A-Z]*)$/);
	});
});

describe("bounds", () => {
	test("a connection above the limit is cut", async () => {
		await start({ limits: { ...limits, connections: 1, firstByteTimeoutMs: 5_000 } });
		const first = await open();
		const second = await open();
		expect(await ended(second)).toBe("");
		first.destroy();
		await vi.waitFor(async () => expect(await sum().catch(() => 0)).toBe(200));
		expect(logged[0]?.[1]).toContain("refused");
	});

	test("bodies that arrive slowly may not fill the memory", async () => {
		await start({ limits: { ...limits, heldBodyBytes: 1_000 } });
		const body = JSON.stringify({ text: "x".repeat(600) });
		const slow = async (): Promise<Socket> => {
			const socket = await open();
			socket.write(request("/lab/echo", body).slice(0, -1));
			return socket;
		};
		const sockets = [await slow(), await slow()];
		const [refusal] = await Promise.race(sockets.map((socket) => once(socket, "data")));
		expect(String(refusal)).toContain("too many bodies are under way");
		// A body that has arrived as a whole is not held.
		const whole = await open();
		whole.write(request("/lab/echo", body));
		const [echo] = await once(whole, "data");
		expect(String(echo)).toMatch(/^HTTP\/1\.1 200 /);
		for (const socket of [...sockets, whole]) socket.destroy();
		await vi.waitFor(async () => {
			const next = await slow();
			next.write("}");
			const [answer] = await once(next, "data");
			next.destroy();
			expect(String(answer)).toMatch(/^HTTP\/1\.1 200 /);
		});
	});

	test("an idle connection is closed", async () => {
		await start({ limits: { ...limits, idleTimeoutMs: 50 } });
		const socket = await open();
		const answer = ended(socket);
		socket.write(request("/lab/ping"));
		expect(await answer).toMatch(/^HTTP\/1\.1 200 /);
	});

	test("a client that never reads a stream stops the producer", async () => {
		await start();
		const socket = await open();
		socket.pause();
		const body = Buffer.from([0, 0, 0, 0, 2, 0x7b, 0x7d]);
		const head = request("/lab/flood").split("\r\n\r\n")[0]?.replace("json", "connect+json");
		socket.write(Buffer.concat([Buffer.from(`${head?.replace("length: 2", "length: 7")}\r\n\r\n`), body]));
		let before = -1;
		await vi.waitFor(
			() => {
				const now = log.flooded;
				const still = now > 0 && now === before;
				before = now;
				expect(still).toBe(true);
			},
			{ interval: 50, timeout: 10_000 },
		);
		expect(log.flooded).toBeLessThan(2_000);
		socket.destroy();
		await vi.waitFor(() => expect(log.stopped).toBe(1));
	});
});

describe("an address", () => {
	beforeEach(() => start());

	test("that is taken is told in one sentence", async () => {
		const { port } = new URL(url());
		await expect(listen(openLab().endpoints, { port: Number(port) })).rejects.toMatchObject({
			code: "failed_precondition",
			message: `port ${port} on 127.0.0.1 is taken; stop the process that listens there, or choose another port (PORT=0 takes a free one)`,
		});
	});

	test("that this machine does not have is told in one sentence", async () => {
		await expect(listen(openLab().endpoints, { host: "192.0.2.1" })).rejects.toMatchObject({
			code: "failed_precondition",
			message: expect.stringContaining("this machine has no address 192.0.2.1"),
		});
	});

	test.each([
		["example.com", /^http:\/\/example\.com:\d+$/],
		["example.com:80", /^http:\/\/example\.com:80$/],
		["::1", /^http:\/\/\[::1\]:\d+$/],
		["[::1]:99", /^http:\/\/\[::1\]:99$/],
	])("may be advertised as %s", async (advertise, expected) => {
		const other = await listen(openLab().endpoints, { advertise });
		expect(other.addresses).toEqual([expect.stringMatching(expected)]);
		await other.close();
	});
});

describe("draining", () => {
	beforeEach(() => start());

	test("ends at once when nobody is connected", async () => {
		await listener.drain();
		await expect(open()).rejects.toThrow("ECONNREFUSED");
	});

	test("closes idle connections, and those whose call ends, saying so", async () => {
		const idle = await open();
		const busy = await open();
		const idleEnd = ended(idle);
		const busyEnd = ended(busy);
		idle.write(request("/lab/ping"));
		busy.write(request("/lab/hang").replace("host: localhost", "host: localhost\r\nconnect-timeout-ms: 300"));
		await vi.waitFor(() => expect(log.running).toBe(1));
		await listener.drain();
		expect(log.running).toBe(0);
		expect(await idleEnd).not.toContain("connection: close");
		expect(await busyEnd).toMatch(/^HTTP\/1\.1 504 [\s\S]*connection: close/i);
	});

	test("answers a request that was on its way", async () => {
		const socket = await open();
		const end = ended(socket);
		socket.write(request("/lab/ping"));
		const drained = listener.drain();
		expect(await end).toMatch(/^HTTP\/1\.1 200 [\s\S]*connection: close/i);
		await drained;
	});

	test("waits for the calls in flight over HTTP/2, and lets no more in", async () => {
		const session = connectHttp2(url());
		const gone = new Promise((resolve) => session.once("goaway", resolve));
		const headers = { ":method": "POST", ":path": "/lab/hang", "content-type": "application/json" };
		const stream = session.request({ ...headers, "connect-timeout-ms": "300" });
		const status = new Promise((resolve) => stream.once("response", (fields) => resolve(fields[":status"])));
		stream.end("{}");
		await vi.waitFor(() => expect(log.running).toBe(1));
		const drained = listener.drain();
		await gone;
		expect(log.running).toBe(1);
		expect(await status).toBe(504);
		await drained;
		session.destroy();
	});

	test("waits for the calls in flight over frames", async () => {
		const peer = frames().dial(url("allium"));
		const call = peer
			.endpoint(Lab.hang)(undefined, Context.background().withTimeout(300))
			.catch((error) => error.code);
		await vi.waitFor(() => expect(log.running).toBe(1));
		await listener.drain();
		expect(log.running).toBe(0);
		expect(await call).toBe("deadline_exceeded");
		await peer.close();
	});

	test("is not ready while it drains", async () => {
		const socket = await open();
		const end = ended(socket);
		socket.write("GET /readyz HTTP/1.1\r\nhost: localhost\r\n\r\n");
		const drained = listener.drain();
		expect(await end).toContain("HTTP/1.1 503");
		await drained;
	});
});

describe("closing", () => {
	beforeEach(() => start());

	test("cancels what is in flight on every protocol", async () => {
		const background = Context.background();
		const overFrames = frames().dial(url("allium"));
		const overHttp = new HttpPeer(url());
		const calls = [
			overFrames.endpoint(Lab.hang)(undefined, background),
			overHttp.endpoint(Lab.hang)(undefined, background),
			overHttp
				.endpoint(Lab.watch)(undefined, background)
				.then((messages) => (messages as AsyncIterator<unknown>).next()),
		].map((call) => call.catch((error) => error.code));
		await vi.waitFor(() => expect(log.running).toBe(3));
		await listener.close();
		expect(await Promise.all(calls)).toEqual(["unavailable", "unavailable", "unavailable"]);
		expect(log.running).toBe(0);
		expect(log.ended).toEqual(["canceled", "canceled", "canceled"]);
		await overFrames.close();
		await overHttp.close();
	});

	test("cuts draining short", async () => {
		const socket = await open();
		const end = ended(socket);
		socket.write(request("/lab/hang"));
		await vi.waitFor(() => expect(log.running).toBe(1));
		const drained = listener.drain();
		await listener.close();
		await drained;
		expect(await end).toBe("");
	});

	test("may be done twice", async () => {
		await listener.close();
		await listener.close();
	});

	test("leaves nothing open in the process", async () => {
		const script = fileURLToPath(new URL("./fixtures/open-and-close.ts", import.meta.url));
		const child = spawn(process.execPath, ["--conditions=@allium/source", script], {
			stdio: ["ignore", "pipe", "pipe"],
		});
		let output = "";
		child.stdout.on("data", (bytes) => {
			output += bytes;
		});
		child.stderr.on("data", (bytes) => {
			output += bytes;
		});
		const code = await new Promise((resolve) => child.once("close", resolve));
		expect(output).toBe("open after close: []\n");
		expect(code).toBe(0);
	});
});

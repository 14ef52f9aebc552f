import { connect } from "node:net";
import { type Client, Context, createClient, isError, ServiceError } from "@allium/core";
import { WebSocketPipe, webSocketTransport } from "@allium/core/frames";
import type { Listener, Pipe } from "@allium/core/transport";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type RawData, WebSocket as WebSocketClient, WebSocketServer } from "ws";
import { Lab, type LabLog, openLab } from "../http/fixtures/lab.ts";
import { listen, type ServerOptions } from "../server/server.ts";
import { ServerWebSocketPipe } from "./server-websocket-pipe.ts";

let listener: Listener;
let log: LabLog;
let client: Client<typeof Lab>;

async function start(options: ServerOptions = {}, guard?: Parameters<typeof openLab>[0]): Promise<void> {
	const lab = openLab(guard);
	log = lab.log;
	listener = await listen(lab.endpoints, options);
	client = createClient(Lab, { url: url(), transports: [webSocketTransport()] });
}

function url(path = ""): string {
	return `${String(listener.addresses[0]).replace(/^http/, "ws")}${path}`;
}

afterEach(async () => {
	await client[Symbol.asyncDispose]();
	await listener.close();
});

async function* of<T>(...items: T[]): AsyncIterable<T> {
	yield* items;
}

async function collect<T>(messages: AsyncIterable<T>): Promise<T[]> {
	const all: T[] = [];
	for await (const message of messages) all.push(message);
	return all;
}

describe("calls over a WebSocket", () => {
	beforeEach(() => start());

	test("are of all four kinds", async () => {
		expect(await client.sum({ a: 1, b: 2 })).toEqual({ v: 3 });
		expect(await collect(client.count({ upTo: 3 }))).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
		expect(await client.total(of({ n: 1 }, { n: 2 }))).toEqual({ total: 3 });
		expect(await collect(client.chat(of({ text: "a" }, { text: "bye" })))).toEqual([{ text: "you said a" }]);
	});

	test("bring messages of megabytes, both ways", async () => {
		const text = "é".repeat(1_000_000);
		expect((await client.echo({ text })).text).toBe(text);
	});

	test("bring declared errors as they are", async () => {
		const error = await client.sum({ a: 2 ** 31 - 1, b: 1 }).catch((reason: unknown) => reason);
		if (!isError(error, Lab.sum.error.int_overflow)) throw error;
		expect(error.data.max).toBe(2 ** 31 - 1);
	});

	test("bring metadata of each call", async () => {
		await client.echo({ text: "" }, Context.background().withMetadata({ "x-who": "ann" }));
		expect(log.ctx?.metadata.get("x-who")).toBe("ann");
	});

	test("are cancelled when their consumer breaks out", async () => {
		for await (const _ of client.flood({})) break;
		await vi.waitFor(() => expect(log.stopped).toBe(1));
	});

	test("end on both sides at their deadline", async () => {
		await client.ping({});
		const call = client.hang({}, Context.background().withTimeout(300));
		await expect(call).rejects.toMatchObject({ code: "deadline_exceeded" });
		await vi.waitFor(() => expect(log.ended).toHaveLength(1));
	});

	test("end with the client", async () => {
		const call = client.hang({});
		await vi.waitFor(() => expect(log.running).toBe(1));
		await client[Symbol.asyncDispose]();
		await expect(call).rejects.toMatchObject({ code: "unavailable" });
		await vi.waitFor(() => expect(log.ended).toEqual(["canceled"]));
	});

	test("end with the server", async () => {
		const call = client.hang({});
		await vi.waitFor(() => expect(log.running).toBe(1));
		await listener.close();
		await expect(call).rejects.toMatchObject({ code: "unavailable", notExecuted: false });
		expect(log.ended).toEqual(["canceled"]);
	});

	test("share one connection, 1,000 at once", async () => {
		const calls = Array.from({ length: 1_000 }, (_, a) => client.sum({ a, b: 1 }));
		expect((await Promise.all(calls)).map(({ v }) => v)).toEqual(calls.map((_, a) => a + 1));
	});
});

test("calls to an address where nothing listens are unavailable", async () => {
	await start();
	await listener.close();
	await expect(client.ping({})).rejects.toMatchObject({ code: "unavailable", notExecuted: true });
});

test("an address that is none is refused in one sentence", async () => {
	await start();
	expect(() => webSocketTransport().dial("http://127.0.0.1")).toThrow("write it like wss://example.org");
});

/** The outcome of a request for a WebSocket: `open`, or the status and the message of the refusal. */
function ask(path: string, protocols: string[], headers: Record<string, string> = {}): Promise<string> {
	const socket = new WebSocketClient(url(path), protocols, { headers });
	return new Promise((resolve, reject) => {
		socket.on("open", () => {
			socket.terminate();
			resolve("open");
		});
		socket.on("unexpected-response", (_, response) => {
			let body = "";
			response.setEncoding("utf8").on("data", (text) => {
				body += text;
			});
			response.on("end", () => resolve(`${response.statusCode} ${JSON.parse(body).message}`));
		});
		socket.on("error", reject);
	});
}

const frames = ["allium.v1"];

describe("a request for a WebSocket", () => {
	test("of a page of the same host is taken", async () => {
		await start();
		expect(await ask("/-/ws", frames, { origin: String(listener.addresses[0]) })).toBe("open");
	});

	test("of a page of another origin is refused, and said in the log", async () => {
		const logged: string[] = [];
		await start({ logger: { log: (_, message) => logged.push(message) } });
		const answer = await ask("/-/ws", frames, { origin: "https://evil.test" });
		expect(answer).toBe(
			'403 pages of https://evil.test may not connect; the server names those that may in its option "origins"',
		);
		expect(logged).toEqual(["a WebSocket of a page of another origin was refused"]);
	});

	test("of a page of an origin that was named is taken", async () => {
		await start({ webSockets: { origins: ["https://app.test"] } });
		expect(await ask("/-/ws", frames, { origin: "https://app.test" })).toBe("open");
	});

	test("without the subprotocol is refused", async () => {
		await start();
		expect(await ask("/-/ws", ["chat"])).toMatch(/^400 .*allium\.v1/);
		expect(await ask("/-/ws", [])).toMatch(/^400 .*allium\.v1/);
	});

	test("at another path is refused", async () => {
		await start();
		expect(await ask("/lab/sum", frames)).toMatch(/^404 .*\/-\/ws/);
	});

	test("goes by the guard", async () => {
		await start({}, ({ path, metadata, peer }, ctx) => {
			if (metadata.get("x-token") === "good") return ctx;
			throw new ServiceError({
				code: "unauthenticated",
				message: `${path} of ${peer.address.split(":")[0]}`,
			});
		});
		expect(await ask("/-/ws", frames)).toBe("401 /-/ws of 127.0.0.1");
		expect(await ask("/-/ws", frames, { "x-token": "good" })).toBe("open");
	});

	test("is what that path is for", async () => {
		await start();
		const answer = await fetch(`${listener.addresses[0]}/-/ws`);
		expect(answer.status).toBe(426);
		expect(await answer.text()).toContain("allium.v1");
	});

	test("for another protocol is answered as if it had not asked", async () => {
		await start();
		const socket = connect(Number(new URL(url()).port), "127.0.0.1");
		socket.end(
			"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade, close\r\nupgrade: h2c\r\n\r\n",
		);
		const chunks: Buffer[] = [];
		for await (const chunk of socket) chunks.push(chunk);
		expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1.1 200 OK/);
	});
});

/** Opens a WebSocket without any code of Allium. */
async function openRaw(): Promise<WebSocketClient> {
	const socket = new WebSocketClient(url("/-/ws"), frames);
	await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
	return socket;
}

function closeCode(socket: WebSocketClient): Promise<number> {
	return new Promise((resolve) => {
		socket.on("error", () => {}).once("close", resolve);
	});
}

describe("a WebSocket of a stranger", () => {
	beforeEach(() => start());

	test("is answered in the same protocol, which begins with the preface", async () => {
		const socket = new WebSocketClient(url("/-/ws"), frames);
		const first = await new Promise<RawData>((resolve) => {
			socket.once("message", resolve);
		});
		expect(Buffer.isBuffer(first) && first[0]).toBe(0xa1);
		socket.terminate();
	});

	test("that sends text is closed", async () => {
		const socket = await openRaw();
		socket.send("hello");
		expect(await closeCode(socket)).toBe(1003);
	});

	test("that sends a message beyond the bound is closed", async () => {
		const socket = await openRaw();
		socket.send(Buffer.alloc(256 * 1024 + 1));
		expect(await closeCode(socket)).toBe(1009);
	});

	test("that sends no frames is told why and closed", async () => {
		const socket = await openRaw();
		socket.send(Buffer.from("this is not a preface"));
		expect(await closeCode(socket)).toBe(1000);
	});

	test("is answered when it pings", async () => {
		const socket = await openRaw();
		const pong = new Promise((resolve) => {
			socket.once("pong", resolve);
		});
		socket.ping("are you there");
		expect(String(await pong)).toBe("are you there");
		socket.terminate();
	});
});

describe("draining", () => {
	test("waits for calls in flight and goes away with 1001", async () => {
		await start();
		const socket = new WebSocket(url("/-/ws"), frames);
		socket.binaryType = "arraybuffer";
		const closed = new Promise<number>((resolve) => {
			socket.onclose = ({ code }) => resolve(code);
		});
		await new Promise((resolve) => {
			socket.onopen = resolve;
		});
		const chat = client.chat(endless());
		const iterator = chat[Symbol.asyncIterator]();
		await iterator.next();
		let drained = false;
		const draining = listener.drain().then(() => {
			drained = true;
		});
		expect(await closed).toBe(1001);
		expect(drained).toBe(false);
		await iterator.return?.();
		await draining;
		expect(log.running).toBe(0);
	});
});

/** Yields one message, and then nothing more until it is stopped. */
function endless(): AsyncIterable<{ text: string }> {
	let said = false;
	let stop = (): void => {};
	return {
		[Symbol.asyncIterator]: () => ({
			next: () => {
				if (said) {
					return new Promise((resolve) => {
						stop = () => resolve({ done: true, value: undefined });
					});
				}
				said = true;
				return Promise.resolve({ done: false, value: { text: "hello" } });
			},
			async return() {
				stop();
				return { done: true, value: undefined };
			},
		}),
	};
}

describe("a pipe whose other end does not read", () => {
	let server: WebSocketServer;
	let browserSide: WebSocket;
	let serverSide: WebSocketClient;

	beforeEach(async () => {
		await start();
		server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
		await new Promise((resolve) => server.once("listening", resolve));
		const accepted = new Promise<WebSocketClient>((resolve) => {
			server.once("connection", resolve);
		});
		const address = server.address();
		if (address === null || typeof address === "string") throw new Error("no port");
		browserSide = new WebSocket(`ws://127.0.0.1:${address.port}`);
		browserSide.binaryType = "arraybuffer";
		await new Promise((resolve) => {
			browserSide.onopen = resolve;
		});
		serverSide = await accepted;
	});

	afterEach(async () => {
		serverSide.terminate();
		await new Promise((resolve) => server.close(resolve));
	});

	function fill(pipe: Pipe): { drains: number; closed: boolean } {
		const state = { drains: 0, closed: false };
		pipe.start({
			data() {},
			drain: () => state.drains++,
			closed: () => {
				state.closed = true;
			},
		});
		let written = 0;
		while (pipe.write(new Uint8Array(64 * 1024))) {
			written += 64 * 1024;
			if (written > 2 ** 26) throw new Error("the pipe takes everything");
		}
		return state;
	}

	test("says that it is full, and once when it takes more: on the platform's WebSocket", async () => {
		serverSide.pause();
		const state = fill(new WebSocketPipe(browserSide));
		expect(state.drains).toBe(0);
		serverSide.resume();
		await vi.waitFor(() => expect(state.drains).toBe(1));
	});

	test("says that it is full, and once when it takes more: on the server's", async () => {
		const pipe = new ServerWebSocketPipe(serverSide, { address: "there" });
		const state = fill(pipe);
		expect(state.drains).toBe(0);
		await vi.waitFor(() => expect(state.drains).toBe(1));
	});

	test("takes nothing while it closes, so that no producer goes on until its end is told", () => {
		const [near, far] = [
			new WebSocketPipe(browserSide),
			new ServerWebSocketPipe(serverSide, { address: "there" }),
		];
		browserSide.close();
		serverSide.close();
		expect(near.write(new Uint8Array(1))).toBe(false);
		expect(far.write(new Uint8Array(1))).toBe(false);
	});

	test("leaves no timer when it is destroyed", async () => {
		serverSide.pause();
		vi.useFakeTimers();
		try {
			const pipe = new WebSocketPipe(browserSide);
			const state = fill(pipe);
			expect(vi.getTimerCount()).toBe(1);
			pipe.destroy();
			await vi.waitFor(() => expect(state.closed).toBe(true));
			expect(vi.getTimerCount()).toBe(0);
		} finally {
			vi.useRealTimers();
		}
	});
});

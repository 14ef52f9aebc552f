import { connect, createServer, type Server, type Socket } from "node:net";
import { Context, createClient, isError, isServiceError, ResponseMetadata, ServiceError } from "@allium/core";
import type { Listener } from "@allium/core/transport";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { eachAtItsDeadline } from "./fixtures/hanging-call.ts";
import { Lab, type LabLog, openLab } from "./fixtures/lab.ts";
import { HttpPeer } from "./http-peer.ts";
import { http } from "./http-transport.ts";

const background = Context.background();

async function failure(promise: Promise<unknown>): Promise<ServiceError> {
	const error = await promise.then(
		() => undefined,
		(reason: unknown) => reason,
	);
	if (!isServiceError(error)) throw new Error(`no ServiceError: ${String(error)}`);
	return error;
}

async function collect(messages: unknown): Promise<unknown[]> {
	const all: unknown[] = [];
	for await (const message of messages as AsyncIterable<unknown>) all.push(message);
	return all;
}

async function* of<T>(...items: T[]): AsyncIterable<T> {
	yield* items;
}

/** An input that never yields, and reports when it is stopped. */
function silence() {
	let stop = (): void => {};
	const state = { stopped: false };
	const input: AsyncIterable<unknown> = {
		[Symbol.asyncIterator]: () => ({
			next: () =>
				new Promise((resolve) => {
					stop = () => resolve({ done: true, value: undefined });
				}),
			async return() {
				state.stopped = true;
				stop();
				return { done: true, value: undefined };
			},
		}),
	};
	return { input, state };
}

describe("calls over HTTP", () => {
	let listener: Listener;
	let log: LabLog;
	let peer: HttpPeer;

	beforeAll(async () => {
		const lab = openLab();
		log = lab.log;
		listener = await http().listen(lab.endpoints);
		peer = new HttpPeer(listener.addresses[0] as string);
	});

	beforeEach(() => {
		Object.assign(log, { running: 0, flooded: 0, stopped: 0 });
		log.ended.length = 0;
	});

	afterAll(async () => {
		await peer.close();
		await listener.close();
	});

	test("a reply comes back", async () => {
		expect(await peer.endpoint(Lab.sum)({ a: 1, b: 2 }, background)).toEqual({ v: 3 });
		expect(await peer.endpoint(Lab.ping)(undefined, background)).toEqual({});
	});

	test("metadata travels both ways", async () => {
		const received = new ResponseMetadata();
		const ctx = background
			.withMetadata({ "x-echo": ["a", "b"], "x-echo-bin": Uint8Array.of(0, 255) })
			.withResponse(received);
		await peer.endpoint(Lab.echo)({ text: "" }, ctx);
		expect(received.headers.getAll("x-echo")).toEqual(["a", "b"]);
		expect(received.headers.getBytes("x-echo-bin")).toEqual(Uint8Array.of(0, 255));
		expect(received.trailers.getBytes("x-trailer-bin")).toEqual(Uint8Array.of(1, 2, 255));
		expect(log.ctx?.metadata.getAll("x-echo")).toEqual(["a", "b"]);
	});

	test("a declared error is the same over the wire", async () => {
		const error = await failure(peer.endpoint(Lab.sum)({ a: 2 ** 31 - 1, b: 1 }, background));
		if (!isError(error, Lab.sum.error.int_overflow)) throw error;
		expect(error).toMatchObject({ message: "integer overflow", data: { max: 2 ** 31 - 1 }, domain: "lab" });
		expect(error.notExecuted).toBe(false);
	});

	test("an error brings its trailers and the time to wait", async () => {
		const error = await failure(peer.endpoint(Lab.busy)(undefined, background));
		expect(error).toMatchObject({ code: "unavailable", reason: "busy", retryAfterMs: 1500 });
		expect(error.metadata?.get("x-queue")).toBe("7");
	});

	test("an undeclared error is internal, of that service", async () => {
		const error = await failure(peer.endpoint(Lab.crash)(undefined, background));
		expect(error).toMatchObject({ code: "internal", message: "internal error", domain: "lab" });
	});

	test("invalid input is told with its issues", async () => {
		const error = await failure(peer.endpoint(Lab.sum)({ a: "x" }, background));
		expect(error).toMatchObject({ code: "invalid_argument", reason: "invalid_input" });
		expect(error.data).toMatchObject({ issues: [{ path: ["a"] }, { path: ["b"] }] });
	});

	test("a deadline ends the call on both sides", async () => {
		const hang = peer.endpoint(Lab.hang);
		const errors = await eachAtItsDeadline(log, (ms) => failure(hang(undefined, background.withTimeout(ms))));
		for (const { code } of errors) expect(code).toBe("deadline_exceeded");
	});

	test("cancelling ends the handler", async () => {
		const { ctx, cancel } = background.withCancel();
		const call = failure(peer.endpoint(Lab.hang)(undefined, ctx));
		await vi.waitFor(() => expect(log.running).toBe(1));
		cancel();
		expect((await call).code).toBe("canceled");
		await vi.waitFor(() => expect(log.ended).toEqual(["canceled"]));
	});

	test("a context that is over sends nothing", async () => {
		const { ctx, cancel } = background.withCancel();
		cancel();
		expect((await failure(peer.endpoint(Lab.hang)(undefined, ctx))).code).toBe("canceled");
		expect(log.running).toBe(0);
	});

	test("a server stream arrives, with headers and trailers", async () => {
		const received = new ResponseMetadata();
		const messages = await peer.endpoint(Lab.count)({ upTo: 3 }, background.withResponse(received));
		expect(await collect(messages)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
		expect(received.headers.get("x-head")).toBe("early");
		expect(received.trailers.get("x-trailer")).toBe("t1");
	});

	test("the error that ends a stream is thrown after its messages", async () => {
		const messages = await peer.endpoint(Lab.count)({ upTo: -1 }, background);
		const error = await failure(collect(messages));
		expect(error).toMatchObject({
			code: "out_of_range",
			reason: "negative",
			data: { upTo: -1 },
			domain: "lab",
		});
	});

	test("a stream is accepted before it yields, and ends with its context", async () => {
		const { ctx, cancel } = background.withCancel();
		const messages = await peer.endpoint(Lab.watch)(undefined, ctx);
		const all = failure(collect(messages));
		cancel();
		expect((await all).code).toBe("canceled");
		await vi.waitFor(() => expect(log.ended).toEqual(["canceled"]));
	});

	test("a slow consumer pauses the producer, and breaking out stops it", async () => {
		const messages = (await peer.endpoint(Lab.flood)(undefined, background)) as AsyncIterable<unknown>;
		for await (const _ of messages) {
			// The producer has stopped when a while brings nothing new.
			let before = -1;
			await vi.waitFor(
				() => {
					const now = log.flooded;
					const still = now === before;
					before = now;
					if (!still) throw new Error("still producing");
				},
				{ interval: 50, timeout: 5_000 },
			);
			break;
		}
		expect(log.flooded).toBeLessThan(2_000);
		await vi.waitFor(() => expect(log.stopped).toBe(1));
	});

	test("a client stream gets its one reply", async () => {
		expect(await peer.endpoint(Lab.total)(of({ n: 1 }, { n: 2 }), background)).toEqual({ total: 3 });
		expect(await peer.endpoint(Lab.total)(of(), background)).toEqual({ total: 0 });
	});

	test("an early error of a client stream stops the input", async () => {
		const produced = { count: 0, stopped: false };
		async function* endless() {
			try {
				for (;;) {
					produced.count++;
					yield { n: produced.count === 3 ? -1 : 1 };
				}
			} finally {
				produced.stopped = true;
			}
		}
		const error = await failure(peer.endpoint(Lab.total)(endless(), background));
		expect(error).toMatchObject({ code: "out_of_range", data: { n: -1 } });
		await vi.waitFor(() => expect(produced.stopped).toBe(true));
	});

	test("an input that fails ends the call", async () => {
		async function* broken() {
			yield { n: 1 };
			throw new ServiceError({ code: "data_loss", message: "the file is torn" });
		}
		const error = await failure(peer.endpoint(Lab.total)(broken(), background));
		expect(error.code).toBe("data_loss");
		await vi.waitFor(() => expect(log.ended).toEqual(["canceled"]));
	});

	test("both sides talk at once", async () => {
		const heard = Promise.withResolvers<void>();
		async function* say() {
			yield { text: "hello" };
			await heard.promise;
			yield { text: "again" };
		}
		const messages = (await peer.endpoint(Lab.chat)(say(), background)) as AsyncIterator<unknown>;
		expect((await messages.next()).value).toEqual({ text: "you said hello" });
		heard.resolve();
		expect((await messages.next()).value).toEqual({ text: "you said again" });
		expect((await messages.next()).done).toBe(true);
	});

	test("breaking out of a talk stops both sides", async () => {
		const { input, state } = silence();
		async function* say() {
			yield { text: "hello" };
			yield* input;
		}
		const messages = (await peer.endpoint(Lab.chat)(say(), background)) as AsyncIterable<unknown>;
		for await (const _ of messages) break;
		await vi.waitFor(() => expect(log.running).toBe(0));
		expect(log.stopped).toBe(1);
		expect(state.stopped).toBe(false);
	});

	test("a handler that leaves a talk stops the input", async () => {
		const { input, state } = silence();
		let first = true;
		const bye: AsyncIterable<unknown> = {
			[Symbol.asyncIterator]() {
				const rest = input[Symbol.asyncIterator]();
				return {
					next() {
						if (!first) return rest.next();
						first = false;
						return Promise.resolve({ done: false, value: { text: "bye" } });
					},
					return: () => rest.return?.() ?? Promise.resolve({ done: true, value: undefined }),
				};
			},
		};
		const messages = await peer.endpoint(Lab.chat)(bye, background);
		expect(await collect(messages)).toEqual([]);
		await vi.waitFor(() => expect(state.stopped).toBe(true));
	});

	test("a message over the limit is refused on either side", async () => {
		const small = new HttpPeer(listener.addresses[0] as string, { maxMessageBytes: 1_000 });
		const large = { text: "x".repeat(5 * 1024 * 1024) };
		expect(await failure(peer.endpoint(Lab.echo)(large, background))).toMatchObject({
			code: "resource_exhausted",
			reason: "message_too_large",
		});
		const reply = small.endpoint(Lab.echo)({ text: "x".repeat(2_000) }, background);
		expect((await failure(reply)).code).toBe("resource_exhausted");
		const messages = await small.endpoint(Lab.flood)(undefined, background);
		expect((await failure(collect(messages))).code).toBe("resource_exhausted");
		await small.close();
	});

	test("connections are reused", async () => {
		const url = new URL(listener.addresses[0] as string);
		let connections = 0;
		const proxy = createServer((socket) => {
			connections++;
			forward(socket, Number(url.port));
		});
		const address = await open(proxy);
		const other = new HttpPeer(address);
		for (let n = 0; n < 20; n++) await other.endpoint(Lab.sum)({ a: n, b: 1 }, background);
		expect(connections).toBe(1);
		await other.close();
		await closed(proxy);
	});

	test("createClient calls it by URL", async () => {
		await using client = createClient(Lab, {
			url: listener.addresses[0] as string,
			transports: [http()],
		});
		expect(await client.sum({ a: 20, b: 22 })).toEqual({ v: 42 });
	});
});

describe("calls that fail on the way", () => {
	const opened: Server[] = [];

	afterEach(async () => {
		await Promise.all(opened.splice(0).map(closed));
	});

	async function answering(answer: (socket: Socket) => void): Promise<HttpPeer> {
		const server = createServer((socket) => {
			socket.on("error", () => {});
			socket.on("data", () => answer(socket));
		});
		opened.push(server);
		return new HttpPeer(await open(server));
	}

	test("a refused connection was certainly not executed", async () => {
		const server = createServer();
		const address = await open(server);
		await closed(server);
		await using peer = disposable(new HttpPeer(address));
		const calls = [
			peer.endpoint(Lab.sum)({ a: 1, b: 1 }, background),
			peer.endpoint(Lab.count)({ upTo: 1 }, background),
			peer.endpoint(Lab.total)(of({ n: 1 }), background),
			peer.endpoint(Lab.chat)(of({ text: "" }), background),
		];
		for (const error of await Promise.all(calls.map(failure))) {
			expect(error).toMatchObject({ code: "unavailable", notExecuted: true, domain: "lab" });
			expect(error.message).toContain(address);
		}
	});

	test("a connection lost within a call may have executed it", async () => {
		await using peer = disposable(await answering((socket) => socket.destroy()));
		const calls = [
			peer.endpoint(Lab.sum)({ a: 1, b: 1 }, background),
			peer.endpoint(Lab.count)({ upTo: 1 }, background),
			peer.endpoint(Lab.total)(of({ n: 1 }), background),
		];
		for (const error of await Promise.all(calls.map(failure))) {
			expect(error).toMatchObject({ code: "unavailable", notExecuted: false, domain: "lab" });
		}
	});

	test("an answer that breaks off is unavailable", async () => {
		const head =
			"HTTP/1.1 200 OK\r\ncontent-type: application/connect+json\r\ntransfer-encoding: chunked\r\n\r\n";
		await using peer = disposable(
			await answering((socket) => {
				socket.write(`${head}e\r\n\0\0\0\0\x09{"n": 1}\n\r\n`);
				setImmediate(() => socket.destroy());
			}),
		);
		const messages = (await peer.endpoint(Lab.count)({ upTo: 9 }, background)) as AsyncIterator<unknown>;
		expect((await messages.next()).value).toEqual({ n: 1 });
		expect((await failure(messages.next())).code).toBe("unavailable");
	});

	test("an answer that ends without its end is unavailable", async () => {
		const head = "HTTP/1.1 200 OK\r\ncontent-type: application/connect+json\r\ncontent-length: 0\r\n\r\n";
		await using peer = disposable(await answering((socket) => void socket.write(head)));
		const messages = await peer.endpoint(Lab.count)({ upTo: 9 }, background);
		expect((await failure(collect(messages))).code).toBe("unavailable");
	});

	test.each([
		[502, "unavailable"],
		[503, "unavailable"],
		[404, "unimplemented"],
		[401, "unauthenticated"],
		[500, "unknown"],
		[302, "unknown"],
	])("a proxy's HTML with status %i is %s", async (status, code) => {
		const html = `HTTP/1.1 ${status} Nope\r\ncontent-type: text/html\r\nretry-after: 3\r\ncontent-length: 6\r\n\r\n<html>`;
		await using peer = disposable(await answering((socket) => void socket.write(html)));
		const calls = [
			peer.endpoint(Lab.sum)({ a: 1, b: 1 }, background),
			peer.endpoint(Lab.count)({ upTo: 1 }, background),
		];
		for (const error of await Promise.all(calls.map(failure))) {
			expect(error).toMatchObject({ code, domain: "lab", retryAfterMs: 3000 });
		}
	});

	test("success that is not JSON is internal", async () => {
		const page = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\r\n<html>";
		await using peer = disposable(await answering((socket) => void socket.write(page)));
		expect((await failure(peer.endpoint(Lab.sum)({ a: 1, b: 1 }, background))).code).toBe("internal");
	});

	test("closing a peer ends its calls", async () => {
		const peer = await answering(() => {});
		const { input, state } = silence();
		const calls = [
			failure(peer.endpoint(Lab.hang)(undefined, background)),
			failure(peer.endpoint(Lab.count)({ upTo: 1 }, background)),
			failure(peer.endpoint(Lab.total)(input, background)),
			failure(peer.endpoint(Lab.chat)(input, background)),
		];
		await peer.close();
		for (const error of await Promise.all(calls)) expect(error.code).toBe("unavailable");
		expect(state.stopped).toBe(true);
		expect(await failure(peer.endpoint(Lab.ping)(undefined, background))).toMatchObject({
			notExecuted: true,
		});
	});
});

function disposable(peer: HttpPeer): HttpPeer & AsyncDisposable {
	return Object.assign(peer, { [Symbol.asyncDispose]: () => peer.close() });
}

function open(server: Server): Promise<string> {
	return new Promise((resolve) => {
		server.listen(0, "127.0.0.1", () => {
			const address = server.address();
			if (typeof address === "object" && address !== null) resolve(`http://127.0.0.1:${address.port}`);
		});
	});
}

function closed(server: Server): Promise<void> {
	return new Promise((resolve) => server.close(() => resolve()));
}

function forward(socket: Socket, port: number): void {
	const upstream = connect(port, "127.0.0.1");
	socket.pipe(upstream).pipe(socket);
	socket.on("error", () => upstream.destroy());
	upstream.on("error", () => socket.destroy());
}

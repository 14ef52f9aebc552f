import { afterEach, describe, expect, test, vi } from "vitest";
import * as z from "zod";
import { createClient } from "../client/client.ts";
import { Context } from "../context/context.ts";
import { noMetadata } from "../context/metadata.ts";
import { ResponseMetadata } from "../context/response.ts";
import { contract } from "../contract/contract.ts";
import { method } from "../contract/method.ts";
import { stream } from "../contract/stream.ts";
import { Endpoints } from "../server/endpoints.ts";
import type { Service } from "../service/service.ts";
import { standardBytes } from "../transport/pipe.ts";
import { Connection } from "./connection.ts";
import { defaultFrameLimits, type FrameLimits } from "./frame-limits.ts";
import { memoryPipes } from "./memory-pipe.ts";
import { memoryTransport } from "./memory-transport.ts";
import { ServerConnection } from "./server-connection.ts";
import { beginEnd } from "./wire/end-frame.ts";
import { FrameType } from "./wire/frame.ts";
import { FrameWriter } from "./wire/frame-writer.ts";
import { encodeSettings } from "./wire/settings-frame.ts";

const text = z.object({ text: z.string() });
const number = z.object({ n: z.int() });
const Probe = contract("probe", {
	echo: method({ input: text, output: text, effect: "read" }),
	count: method({ input: number, output: stream(text), effect: "read" }),
	collect: method({ input: stream(text), output: number }),
	hang: method({ input: number, output: number }),
	ignore: method({ input: stream(text), output: number }),
});

/** A service that says what happens to it. */
class ProbeService {
	produced = 0;
	stopped = 0;
	canceled: string[] = [];
	hanging = 0;

	readonly service: Service<typeof Probe> = {
		echo: async (input) => input,
		count: (input, ctx) => this.#count(input, ctx),
		collect: async (input) => {
			let n = 0;
			for await (const message of input) {
				n += message.text.length;
				if (message.text === "enough") break;
			}
			return { n };
		},
		hang: (_, ctx) => this.#hang(ctx),
		ignore: (_, ctx) => this.#hang(ctx),
	};

	#hang(ctx: Context): Promise<never> {
		return new Promise((_, reject) => {
			this.hanging++;
			ctx.signal.addEventListener("abort", () => {
				this.canceled.push(ctx.error?.code ?? "none");
				reject(ctx.error);
			});
		});
	}

	async *#count({ n }: { n: number }, _: Context): AsyncGenerator<{ text: string }> {
		try {
			for (; this.produced < n; this.produced++) yield { text: "x".repeat(1000) };
		} finally {
			this.stopped++;
		}
	}
}

function start(limits: Partial<FrameLimits> = {}) {
	const probe = new ProbeService();
	const endpoints = new Endpoints();
	endpoints.serve(Probe, probe.service);
	const transport = memoryTransport({ limits });
	const listening = transport.listen(endpoints, { address: "probe" });
	const client = createClient(Probe, { url: "memory://probe", transports: [transport], middleware: [] });
	return { probe, endpoints, client, listener: listening };
}

const cleanUp: (() => Promise<void>)[] = [];
afterEach(async () => {
	for (const end of cleanUp.splice(0)) await end();
});

function started(limits: Partial<FrameLimits> = {}) {
	const parts = start(limits);
	cleanUp.push(async () => {
		await parts.client[Symbol.asyncDispose]();
		await (await parts.listener).close();
	});
	return parts;
}

describe("flow control", () => {
	test("pauses a producer whose consumer takes nothing, within the window", async () => {
		const { client, probe } = started({ streamWindowBytes: 64 * 1024 });
		const messages = client.count({ n: 100_000 })[Symbol.asyncIterator]();
		await messages.next();
		// Wait until the producer has come to rest.
		let before = -1;
		await vi.waitFor(() => {
			const now = probe.produced;
			const rests = now === before;
			before = now;
			expect(rests).toBe(true);
		});
		expect(probe.produced * 1000).toBeLessThan(80 * 1024);
		await messages.return?.();
	});

	test("lets all messages through when the consumer goes on", async () => {
		const { client } = started({ streamWindowBytes: 16 * 1024, connectionWindowBytes: 32 * 1024 });
		const seen = await Array.fromAsync(client.count({ n: 2000 }));
		expect(seen).toHaveLength(2000);
	});

	test("carries a message many times larger than its windows", async () => {
		const { client } = started({ streamWindowBytes: 16 * 1024, connectionWindowBytes: 32 * 1024 });
		const large = { text: "y".repeat(3_000_000) };
		expect(await client.echo(large)).toEqual(large);
	});

	test("lets a small call pass a large one that is on its way", async () => {
		const { client } = started();
		const order: string[] = [];
		await Promise.all([
			client.echo({ text: "z".repeat(3_000_000) }).then(() => order.push("large")),
			client.echo({ text: "small" }).then(() => order.push("small")),
		]);
		expect(order).toEqual(["small", "large"]);
	});

	test("does not leak windows over many calls", async () => {
		const { client } = started({ streamWindowBytes: 16 * 1024, connectionWindowBytes: 64 * 1024 });
		for (let round = 0; round < 100; round++) {
			const replies = await Promise.all(
				Array.from({ length: 10 }, (_, n) => client.echo({ text: `${n}`.repeat(500 * n) })),
			);
			expect(replies[9]?.text).toHaveLength(4500);
		}
	});
});

describe("the writes of one turn of the loop", () => {
	/** A connection whose turn goes on until it is told to end; what its pipe is given. */
	function turn() {
		const writes: number[] = [];
		let end = () => {};
		const connection = new Connection(
			{
				peer: { address: "here" },
				start() {},
				write: (bytes) => writes.push(bytes.length) > 0,
				schedule: (flush) => {
					end = flush;
				},
				end() {},
				destroy() {},
			},
			{ formats: 1, onRequest() {}, onReady() {}, onGoaway() {}, onClosed() {} },
		);
		connection.start();
		end();
		writes.length = 0;
		cleanUp.push(async () => connection.destroy("the test is over"));
		const heads = (count: number): void => {
			for (let id = 0; id < count; id++) {
				beginEnd(connection.batch.writer, id, noMetadata);
				connection.batch.finishHead();
			}
		};
		return { connection, writes, heads, end: () => end() };
	}

	test("goes out as one", () => {
		const { writes, heads, end } = turn();
		heads(31);
		expect(writes).toEqual([]);
		end();
		expect(writes).toHaveLength(1);
	});

	test("does not wait for the end of the turn when it is 32 calls, so that the other side has work", () => {
		const { writes, heads, end } = turn();
		heads(70);
		expect(writes).toHaveLength(2);
		end();
		expect(writes).toHaveLength(3);
	});

	test("does not wait for it when it is 64 KiB", () => {
		const { connection, writes } = turn();
		const text = "x".repeat(10_000);
		for (let id = 0; id < 6; id++) connection.queue.sendMessage(id, 0, text, text.length);
		expect(writes).toEqual([]);
		connection.queue.sendMessage(6, 0, text, text.length);
		expect(writes).toHaveLength(1);
	});
});

describe("the head of a stream", () => {
	test("has the headers that a producer writes before its first message", async () => {
		const endpoints = new Endpoints();
		endpoints.serve(Probe, {
			...new ProbeService().service,
			async *count(_, ctx) {
				ctx.response.headers.set("total", "1");
				yield { text: "x" };
				ctx.response.trailers.set("sent", "1");
			},
		});
		const transport = memoryTransport();
		await transport.listen(endpoints, { address: "probe" });
		const client = createClient(Probe, { url: "memory://probe", transports: [transport] });
		cleanUp.push(() => client[Symbol.asyncDispose]());
		const received = new ResponseMetadata();
		await Array.fromAsync(client.count({ n: 1 }, Context.background().withResponse(received)));
		expect([...received.headers, ...received.trailers]).toEqual([
			["total", "1"],
			["sent", "1"],
		]);
	});
});

describe("message size", () => {
	test("a message at the limit passes, one byte more is resource_exhausted at the sender", async () => {
		const overhead = '{"text":""}'.length;
		const { client } = started({ maxMessageBytes: 100_000 });
		const most = "x".repeat(100_000 - overhead);
		expect((await client.echo({ text: most })).text).toHaveLength(most.length);
		await expect(client.echo({ text: `${most}x` })).rejects.toMatchObject({
			code: "resource_exhausted",
			reason: "message_too_large",
		});
		expect(await client.echo({ text: "the connection still works" })).toBeDefined();
	});

	test("large messages at once wait for each other, both ways, and for no small one", async () => {
		const { client } = started({ maxAssemblyBytes: 1_500_000, maxHeldReplyBytes: 600_000 });
		const text = "x".repeat(500_000);
		const large = Array.from({ length: 12 }, () => client.echo({ text }));
		const small = Array.from({ length: 24 }, () => client.echo({ text: "small" }));
		expect((await Promise.all(small)).every((reply) => reply.text === "small")).toBe(true);
		expect((await Promise.all(large)).every((reply) => reply.text.length === text.length)).toBe(true);
	});

	test("large messages wait for each other no longer than their calls last", async () => {
		const { client } = started({ maxAssemblyBytes: 600_000, streamWindowBytes: 200_000 });
		let second = 0;
		async function* never(): AsyncGenerator<{ text: string }> {
			yield { text: "x".repeat(500_000) };
			second++;
			yield { text: "x".repeat(500_000) };
		}
		// Nobody reads the messages of these, so that the second of each stays unfinished.
		const { ctx, cancel } = Context.background().withCancel();
		const stuck = [client.ignore(never(), ctx), client.ignore(never(), ctx)];
		await vi.waitFor(() => expect(second).toBe(2));
		const waiting = client.echo({ text: "x".repeat(500_000) }, Context.background().withTimeout(100));
		await expect(waiting).rejects.toMatchObject({ code: "deadline_exceeded" });
		cancel();
		for (const call of stuck) await expect(call).rejects.toMatchObject({ code: "canceled" });
		expect((await client.echo({ text: "x".repeat(500_000) })).text).toHaveLength(500_000);
	});

	test("a sender of unfinished messages beyond the bound is told so, call by call", async () => {
		const { endpoints } = started();
		const [near, far] = memoryPipes();
		const limits = { maxAssemblyBytes: 100_000 };
		const connection = new ServerConnection(near, endpoints, { limits });
		let received = "";
		far.start({
			data: (chunk) => {
				received += standardBytes.readText(chunk, 0, chunk.length);
			},
			drain() {},
			closed() {},
		});
		far.write(
			bytes((writer) => {
				writer.preface();
				writer.frame(0, 0, 0, encodeSettings(defaultFrameLimits));
				for (let stream = 1; stream <= 10; stream++) {
					request(writer, stream, "probe/echo");
					writer.frame(FrameType.message, 2, stream, new Uint8Array(16_000));
				}
			}),
		);
		await vi.waitFor(() => expect(received.match(/too many unfinished messages/g)).toHaveLength(4));
		connection.close();
	});

	test("a call for which there is no stream is refused in the name of its service", async () => {
		const { endpoints } = started();
		const [near, far] = memoryPipes();
		const connection = new ServerConnection(near, endpoints, { limits: { maxStreams: 1 } });
		let received = "";
		far.start({
			data: (chunk) => {
				received += standardBytes.readText(chunk, 0, chunk.length);
			},
			drain() {},
			closed() {},
		});
		far.write(
			bytes((writer) => {
				writer.preface();
				writer.frame(0, 0, 0, encodeSettings(defaultFrameLimits));
				request(writer, 1, "probe/hang", '{"n":1}');
				request(writer, 2, "probe/hang", '{"n":1}');
			}),
		);
		await vi.waitFor(() => expect(received).toContain("more than 1 calls at once"));
		expect(received).toContain('"domain":"probe"');
		connection.close();
	});

	test("while replies wait to be read a few calls run, the others wait, up to their deadline", async () => {
		const { endpoints, probe } = started();
		const [near, far] = memoryPipes();
		const limits = { maxHeldReplyBytes: 100_000 };
		const connection = new ServerConnection(near, endpoints, { limits });
		let received = "";
		far.start({
			data: (chunk) => {
				received += standardBytes.readText(chunk, 0, chunk.length);
			},
			drain() {},
			closed() {},
		});
		const large = JSON.stringify({ text: "x".repeat(15_000) });
		far.write(
			bytes((writer) => {
				writer.preface();
				// Its window is shut: no reply is read.
				writer.frame(0, 0, 0, encodeSettings({ ...defaultFrameLimits, connectionWindowBytes: 0 }));
				for (let stream = 1; stream <= 8; stream++) request(writer, stream, "probe/echo", large);
			}),
		);
		await new Promise((resolve) => setImmediate(resolve));
		const hang = (stream: number, timeoutMs?: number): void => {
			far.write(bytes((writer) => request(writer, stream, "probe/hang", '{"n":1}', timeoutMs)));
		};
		for (let stream = 11; stream <= 26; stream++) hang(stream);
		hang(27, 30);
		hang(28);
		await vi.waitFor(() => expect(received).toContain("as replies wait to be read"));
		expect(probe.hanging).toBe(16);
		far.write(bytes((writer) => writer.frame(FrameType.window, 0, 0, Uint8Array.of(0, 0x10, 0, 0))));
		await vi.waitFor(() => expect(probe.hanging).toBe(17));
		connection.close();
	});
});

describe("cancellation", () => {
	test("breaking out of a stream ends the producer on the other side", async () => {
		const { client, probe } = started();
		for await (const _ of client.count({ n: 1_000_000 })) break;
		await vi.waitFor(() => expect(probe.stopped).toBe(1));
		expect(probe.produced).toBeLessThan(1_000_000);
	});

	test("a handler that takes no more ends the caller's input", async () => {
		const { client } = started();
		let ended = false;
		async function* input() {
			try {
				yield { text: "one" };
				yield { text: "enough" };
				while (true) yield { text: "too much" };
			} finally {
				ended = true;
			}
		}
		expect(await client.collect(input())).toEqual({ n: 9 });
		await vi.waitFor(() => expect(ended).toBe(true));
	});

	test("cancelling the caller's context cancels the handler's", async () => {
		const { client, probe } = started();
		const { ctx, cancel } = Context.background().withCancel();
		const call = client.hang({ n: 1 }, ctx);
		await vi.waitFor(() => expect(probe.hanging).toBe(1));
		cancel();
		await expect(call).rejects.toMatchObject({ code: "canceled" });
		await vi.waitFor(() => expect(probe.canceled).toEqual(["canceled"]));
	});

	test("a call that ends before its handler has read its input gives the window back", async () => {
		const { client, probe } = started({ connectionWindowBytes: 64 * 1024 });
		async function* large(end?: Promise<never>) {
			for (let n = 0; n < 10; n++) yield { text: "x".repeat(1000) };
			await end;
		}
		for (let call = 1; call <= 10; call++) {
			const { ctx, cancel } = Context.background().withCancel();
			const ignored = client.ignore(large(new Promise(() => {})), ctx);
			await vi.waitFor(() => expect(probe.hanging).toBe(call), { interval: 1 });
			cancel();
			await expect(ignored).rejects.toMatchObject({ code: "canceled" });
		}
		expect(await client.collect(large())).toEqual({ n: 10_000 });
	});

	test("a deadline ends the call on both sides", async () => {
		const { client, probe } = started();
		const call = client.hang({ n: 1 }, Context.background().withTimeout(50));
		await expect(call).rejects.toMatchObject({ code: "deadline_exceeded" });
		await vi.waitFor(() => expect(probe.canceled).toHaveLength(1));
	});

	test("the server answers at the deadline although its handler hangs and its caller only waits", async () => {
		const { endpoints } = started();
		const [near, far] = memoryPipes();
		const connection = new ServerConnection(near, endpoints);
		let received = "";
		far.start({
			data: (chunk) => {
				received += standardBytes.readText(chunk, 0, chunk.length);
			},
			drain() {},
			closed() {},
		});
		far.write(
			bytes((writer) => {
				writer.preface();
				writer.frame(0, 0, 0, encodeSettings(defaultFrameLimits));
				request(writer, 1, "probe/hang", '{"n":1}', 30);
			}),
		);
		await vi.waitFor(() => expect(received).toContain("the deadline was exceeded"));
		connection.close();
	});

	test("an input that throws fails its call with that error", async () => {
		const { client } = started();
		// biome-ignore lint/correctness/useYield: it fails before it has anything to say
		async function* broken(): AsyncGenerator<{ text: string }> {
			throw new TypeError("no input today");
		}
		await expect(client.collect(broken())).rejects.toMatchObject({ cause: { message: "no input today" } });
	});
});

describe("the end of a connection", () => {
	test("settles every call in flight when the server closes", async () => {
		const { client, listener, probe } = started();
		const calls = Array.from({ length: 10 }, () => client.hang({ n: 1 }));
		await vi.waitFor(() => expect(probe.hanging).toBe(10));
		await (await listener).close();
		const results = await Promise.allSettled(calls);
		for (const result of results) {
			expect(result).toMatchObject({
				status: "rejected",
				reason: { code: "unavailable", notExecuted: false },
			});
		}
		expect(probe.canceled).toHaveLength(10);
	});

	test("settles every call in flight when the client is closed, and refuses further ones", async () => {
		const { client, probe } = started();
		const call = client.hang({ n: 1 });
		await vi.waitFor(() => expect(probe.hanging).toBe(1));
		await Promise.all([
			client[Symbol.asyncDispose](),
			expect(call).rejects.toMatchObject({ code: "unavailable" }),
		]);
		await expect(client.echo({ text: "x" })).rejects.toMatchObject({ reason: "client_closed" });
		await vi.waitFor(() => expect(probe.canceled).toEqual(["canceled"]));
	});

	test("a drain lets calls in flight finish and refuses new ones as not executed", async () => {
		const { client, listener } = started();
		const messages = client.count({ n: 5 })[Symbol.asyncIterator]();
		await messages.next();
		const drained = (await listener).drain();
		let rest = 0;
		while ((await messages.next()).done !== true) rest++;
		expect(rest).toBe(4);
		await drained;
		await expect(client.echo({ text: "late" })).rejects.toMatchObject({
			code: "unavailable",
			notExecuted: true,
		});
	});

	test("calls beyond the other side's limit of streams wait for their turn", async () => {
		const { client } = started({ maxStreams: 2 });
		const replies = await Promise.all(Array.from({ length: 50 }, (_, n) => client.echo({ text: String(n) })));
		expect(replies.at(-1)).toEqual({ text: "49" });
	});

	test("a call that waits for its turn until its deadline is resource_exhausted, and not executed", async () => {
		const { client, probe } = started({ maxStreams: 1 });
		const { ctx, cancel } = Context.background().withCancel();
		const first = client.hang({ n: 1 }, ctx);
		await vi.waitFor(() => expect(probe.hanging).toBe(1));
		await expect(client.echo({ text: "x" }, Context.background().withTimeout(30))).rejects.toMatchObject({
			code: "resource_exhausted",
			notExecuted: true,
		});
		cancel();
		await expect(first).rejects.toMatchObject({ code: "canceled" });
		expect(await client.echo({ text: "free again" })).toEqual({ text: "free again" });
	});

	test("a call whose time is up before it comes to its turn has exceeded its deadline", async () => {
		const transport = memoryTransport();
		const { endpoints } = started();
		const listener = await transport.listen(endpoints, { address: "late" });
		const peer = transport.dial("memory://late");
		const [collect] = Probe["~allium"].methods.filter(({ name }) => name === "collect");
		async function* nothing(): AsyncGenerator<{ text: string }> {}
		await peer.endpoint(collect as never)(nothing(), Context.background());
		const ctx = Context.background().withTimeout(1);
		const late = peer.endpoint(collect as never)(nothing(), ctx);
		// Before it goes on, its time passes.
		for (const begin = performance.now(); performance.now() - begin < 3; );
		await expect(late).rejects.toMatchObject({ code: "deadline_exceeded" });
		await peer.close();
		await listener.close();
	});

	test("a peer that falls silent is asked, and given up", async () => {
		vi.useFakeTimers();
		try {
			const [near, far] = memoryPipes();
			const connection = new ServerConnection(near, start().endpoints, { limits: { keepAliveMs: 1000 } });
			far.start({ data() {}, drain() {}, closed() {} });
			far.write(
				bytes((writer) => {
					writer.preface();
					writer.frame(0, 0, 0, encodeSettings(defaultFrameLimits));
					request(writer, 1, "probe/hang", '{"n":1}');
				}),
			);
			let closed = false;
			void connection.closed.then(() => {
				closed = true;
			});
			await vi.advanceTimersByTimeAsync(2500);
			expect(closed).toBe(false);
			await vi.advanceTimersByTimeAsync(1000);
			expect(closed).toBe(true);
			expect(vi.getTimerCount()).toBe(0);
		} finally {
			vi.useRealTimers();
		}
	});
});

describe("hostile bytes end only their own connection", () => {
	const hello = (writer: FrameWriter): void => {
		writer.preface();
		writer.frame(0, 0, 0, encodeSettings(defaultFrameLimits));
	};

	const cases: [string, (writer: FrameWriter) => void, string][] = [
		[
			"a request before SETTINGS",
			(w) => [w.preface(), w.frame(1, 0, 1)],
			"SETTINGS has to be the first frame",
		],
		["SETTINGS twice", (w) => [hello(w), w.frame(0, 0, 0)], "SETTINGS came twice"],
		[
			"malformed SETTINGS",
			(w) => [w.preface(), w.frame(0, 0, 0, new Uint8Array(5))],
			"SETTINGS is malformed",
		],
		[
			"a truncated REQUEST",
			(w) => [hello(w), w.frame(1, 5, 1, new Uint8Array([0, 0, 0, 1, 0, 9]))],
			"REQUEST is cut off",
		],
		["a stream that was used", (w) => [hello(w), request(w, 2), request(w, 1)], "stream 1 was used before"],
		["a PING of the wrong size", (w) => [hello(w), w.frame(8, 0, 0, new Uint8Array(3))], "PING is malformed"],
		[
			"a critical frame that is not known",
			(w) => [hello(w), w.frame(99, 0x80, 0)],
			"a critical frame of type 99",
		],
		[
			"metadata that is cut off",
			(w) => [hello(w), w.frame(1, 0, 1, new Uint8Array([0, 0, 0, 1, 0, 0, 0xff, 0xff]))],
			"a block of metadata is cut off",
		],
		[
			"a fragment that is too large",
			(w) => [hello(w), request(w, 1), w.frame(3, 0, 1, new Uint8Array(20_000))],
			"a fragment of 20000 bytes is too large",
		],
		[
			"more bytes than a stream's window",
			(w) => {
				hello(w);
				// A handler that takes one message gets more of them than the window holds.
				request(w, 1, "probe/hang");
				const message = new TextEncoder().encode('{"n":1}'.padEnd(16_384));
				for (let count = 0; count < 20; count++) w.frame(3, 0, 1, message);
			},
			"more bytes than the stream's window allows",
		],
	];

	test.each(cases)("%s", async (_, write, message) => {
		const { endpoints, client } = started();
		const [near, far] = memoryPipes();
		const connection = new ServerConnection(near, endpoints, {
			limits: { streamWindowBytes: 256 * 1024, connectionWindowBytes: 300 * 1024 },
		});
		let received = "";
		far.start({
			data: (chunk) => {
				received += standardBytes.readText(chunk, 0, chunk.length);
			},
			drain() {},
			closed() {},
		});
		far.write(bytes(write));
		await connection.closed;
		await vi.waitFor(() => expect(received).toContain(message));
		expect(await client.echo({ text: "others notice nothing" })).toBeDefined();
	});

	test("random bytes", async () => {
		const { endpoints, client } = started();
		for (let seed = 1; seed <= 200; seed++) {
			const [near, far] = memoryPipes();
			const connection = new ServerConnection(near, endpoints);
			far.start({ data() {}, drain() {}, closed() {} });
			const noise = random(seed, 300);
			// Half of them look like frames at first.
			far.write(
				seed % 2 === 0
					? noise
					: bytes((w) => [hello(w), w.frame((noise[0] ?? 0) % 12, noise[1] ?? 0, 1, noise)]),
			);
			await new Promise<void>((resolve) => queueMicrotask(resolve));
			connection.close();
			await connection.closed;
		}
		expect(await client.echo({ text: "others notice nothing" })).toBeDefined();
	});

	test("unknown frames without the flag are skipped", async () => {
		const [near, far] = memoryPipes();
		const connection = new ServerConnection(near, started().endpoints);
		let received = "";
		far.start({
			data: (chunk) => {
				received += standardBytes.readText(chunk, 0, chunk.length);
			},
			drain() {},
			closed() {},
		});
		far.write(
			bytes((w) => [
				hello(w),
				w.frame(99, 0, 0, new Uint8Array(10)),
				request(w, 1, "probe/echo", '{"text":"hi"}'),
			]),
		);
		await vi.waitFor(() => expect(received).toContain('{"text":"hi"}'));
		connection.close();
	});
});

function bytes(write: (writer: FrameWriter) => unknown): Uint8Array {
	const writer = new FrameWriter(standardBytes);
	write(writer);
	return writer.take() ?? new Uint8Array();
}

function request(
	writer: FrameWriter,
	id: number,
	path = "probe/echo",
	body = "",
	timeout = 0xffff_ffff,
): void {
	writer.begin(1, body === "" ? 0 : 5, id, 1000);
	writer.u32(timeout);
	writer.u16(path.length);
	writer.raw(new TextEncoder().encode(path));
	writer.u16(0);
	writer.text(body);
	writer.finish();
}

/** A small generator, so that a failure can be repeated. */
function random(seed: number, size: number): Uint8Array {
	let state = seed * 2654435761;
	return Uint8Array.from({ length: size }, () => {
		state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
		return state >>> 24;
	});
}

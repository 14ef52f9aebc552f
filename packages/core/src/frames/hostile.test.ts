import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import * as z from "zod";
import { Context } from "../context/context.ts";
import { contract } from "../contract/contract.ts";
import { method } from "../contract/method.ts";
import { stream } from "../contract/stream.ts";
import { isServiceError } from "../errors/service-error.ts";
import { Endpoints } from "../server/endpoints.ts";
import { type Pipe, standardBytes } from "../transport/pipe.ts";
import { defaultFrameLimits, type FrameLimits } from "./frame-limits.ts";
import { FramesPeer } from "./frames-peer.ts";
import { memoryPipes } from "./memory-pipe.ts";
import { ServerConnection } from "./server-connection.ts";
import { ProtocolError } from "./wire/frame.ts";
import { FrameReader } from "./wire/frame-reader.ts";
import { FrameWriter } from "./wire/frame-writer.ts";
import { encodeSettings } from "./wire/settings-frame.ts";

const text = z.object({ text: z.string() });
const Probe = contract("probe", {
	echo: method({ input: text, output: text, effect: "read" }),
	chat: method({ input: stream(text), output: stream(text) }),
	/** Goes on though nobody waits for it any more. */
	stubborn: method({}),
});

let endpoints: Endpoints;
let running: number;
let most: number;
let finish: () => void;

beforeEach(() => {
	endpoints = new Endpoints();
	running = 0;
	most = 0;
	const finished = Promise.withResolvers<void>();
	finish = finished.resolve;
	endpoints.serve(Probe, {
		echo: async (input) => input,
		async *chat(input) {
			for await (const message of input) yield message;
		},
		async stubborn() {
			running++;
			most = Math.max(most, running);
			await finished.promise;
			running--;
		},
	});
});

afterEach(() => finish());

/** A connection to a server, of which the test holds the other end. */
class Stranger {
	readonly connection: ServerConnection;
	received = "";
	readonly #pipe: Pipe;

	constructor(limits: Partial<FrameLimits> = {}) {
		const [near, far] = memoryPipes();
		this.connection = new ServerConnection(near, endpoints, { limits });
		this.#pipe = far;
		far.start({
			data: (chunk) => {
				this.received += standardBytes.readText(chunk, 0, chunk.length);
			},
			drain() {},
			closed() {},
		});
	}

	send(bytes: Uint8Array): void {
		this.#pipe.write(bytes);
	}
}

function bytes(write: (writer: FrameWriter) => void): Uint8Array {
	const writer = new FrameWriter(standardBytes);
	write(writer);
	return writer.take() ?? new Uint8Array();
}

const hello = bytes((writer) => {
	writer.preface();
	writer.frame(0, 0, 0, encodeSettings(defaultFrameLimits));
});

function requestAndCancel(writer: FrameWriter, id: number): void {
	const path = new TextEncoder().encode("probe/stubborn");
	const payload = Uint8Array.of(255, 255, 255, 255, 0, path.length, ...path, 0, 0, 0x7b, 0x7d);
	writer.frame(1, 0x05, id, payload);
	writer.frame(6, 0, id);
}

/** A call of `probe/echo` with a message of these bytes. */
function echo(writer: FrameWriter, id: number, message: readonly number[]): void {
	const path = new TextEncoder().encode("probe/echo");
	writer.frame(1, 0x05, id, Uint8Array.of(255, 255, 255, 255, 0, path.length, ...path, 0, 0, ...message));
}

/** Waits for the turns of the loop that sent bytes take to arrive and to have their effect. */
async function rest(): Promise<void> {
	for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

async function othersNoticeNothing(): Promise<void> {
	const peer = new FramesPeer("memory", async () => {
		const [near, far] = memoryPipes();
		new ServerConnection(near, endpoints);
		return far;
	});
	const echo = peer.endpoint(Probe.echo);
	expect(await echo({ text: "x" }, Context.background())).toEqual({ text: "x" });
	await peer.close();
}

const payload = fc.oneof(
	{ weight: 3, arbitrary: fc.uint8Array({ maxLength: 80 }) },
	{
		weight: 3,
		arbitrary: fc
			.tuple(fc.constantFrom("probe/echo", "probe/chat", "probe", "../x"), fc.string({ maxLength: 40 }))
			.map(([path, body]) =>
				Uint8Array.of(0, 0, 1, 0, 0, path.length, ...new TextEncoder().encode(`${path}\0\0${body}`)),
			),
	},
	{ weight: 1, arbitrary: fc.uint8Array({ minLength: 16_000, maxLength: 34_000 }) },
);
const frame = fc.record({
	type: fc.oneof(fc.integer({ min: 0, max: 11 }), fc.integer({ min: 0, max: 255 })),
	flags: fc.integer({ min: 0, max: 255 }),
	stream: fc.oneof(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 0xffff_ffff })),
	payload,
});
const conversation = fc
	.tuple(fc.boolean(), fc.array(frame, { maxLength: 12 }), fc.uint8Array({ maxLength: 20 }))
	.map(([greets, frames, tail]) => {
		const sent = bytes((writer) => {
			for (const { type, flags, stream: id, payload: body } of frames) writer.frame(type, flags, id, body);
		});
		return Uint8Array.of(...(greets ? hello : []), ...sent, ...tail);
	});
const cuts = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 20 });

/** Pieces of these sizes, in turns. */
function* pieces(whole: Uint8Array, sizes: readonly number[]): Iterable<Uint8Array> {
	for (let offset = 0, turn = 0; offset < whole.length; turn++) {
		const end = offset + (sizes[turn % sizes.length] ?? 1);
		yield whole.slice(offset, end);
		offset = end;
	}
}

/** The seed is the same in every run. A failure prints the values that reproduce it. */
const seed = 20_26;

describe("bytes that mean anything or nothing", () => {
	test("are the same frames, or the same error, however they are cut", () => {
		const read = (parts: Iterable<Uint8Array>): string[] => {
			const seen: string[] = [];
			const reader = new FrameReader(standardBytes, (type, flags, id, chunk, start, end) => {
				seen.push(`${type} ${flags} ${id} ${chunk.slice(start, end).toHex()}`);
			});
			try {
				for (const part of parts) reader.push(part);
			} catch (error) {
				if (!(error instanceof ProtocolError)) throw error;
				seen.push(error.message);
			}
			return seen;
		};
		const property = fc.property(conversation, cuts, (whole, sizes) => {
			expect(read(pieces(whole, sizes))).toEqual(read([whole]));
		});
		fc.assert(property, { seed, numRuns: 300 });
	});

	test("end no more than the connection that they came on", async () => {
		const property = fc.asyncProperty(conversation, cuts, async (whole, sizes) => {
			const stranger = new Stranger();
			for (const piece of pieces(whole, sizes)) {
				stranger.send(piece);
				await Promise.resolve();
			}
			await rest();
			stranger.connection.close();
			await stranger.connection.closed;
		});
		await fc.assert(property, { seed, numRuns: 300 });
		await othersNoticeNothing();
	});

	test("from a server end a call with an error, and in time", async () => {
		const property = fc.asyncProperty(conversation, cuts, async (whole, sizes) => {
			const [near, far] = memoryPipes();
			const peer = new FramesPeer("memory", async () => near);
			far.start({ data() {}, drain() {}, closed() {} });
			const call = peer.endpoint(Probe.echo)({ text: "x" }, Context.background().withTimeout(5_000));
			for (const piece of pieces(whole, sizes)) {
				far.write(piece);
				await Promise.resolve();
			}
			await rest();
			far.destroy();
			await call.catch((error) => {
				if (!isServiceError(error)) throw error;
			});
			await peer.close();
		});
		await fc.assert(property, { seed, numRuns: 200 });
	});
});

describe("calls that are cancelled as soon as they are made", () => {
	test("do not run more handlers at once than calls may be open", async () => {
		const stranger = new Stranger({ maxStreams: 10 });
		stranger.send(hello);
		stranger.send(
			bytes((writer) => {
				for (let id = 1; id <= 1_000; id++) requestAndCancel(writer, id);
			}),
		);
		await vi.waitFor(() => expect(stranger.received).toContain("more than 10 calls at once"));
		expect(most).toBe(10);
		await othersNoticeNothing();
		finish();
		await vi.waitFor(() => expect(running).toBe(0));
		stranger.connection.close();
	});

	test("end the connection when there are too many of them", async () => {
		const stranger = new Stranger({ maxCancels: 100 });
		finish();
		stranger.send(hello);
		stranger.send(
			bytes((writer) => {
				for (let id = 1; id <= 101; id++) requestAndCancel(writer, id);
			}),
		);
		await stranger.connection.closed;
		await vi.waitFor(() =>
			expect(stranger.received).toContain("more than 100 calls cancelled within ten seconds"),
		);
		await othersNoticeNothing();
	});
});

describe("a connection without calls", () => {
	beforeEach(() => vi.useFakeTimers());
	afterEach(() => vi.useRealTimers());

	test("is ended in order after a while, and leaves no timer", async () => {
		const stranger = new Stranger({ idleMs: 1_000 });
		let closed = false;
		void stranger.connection.closed.then(() => {
			closed = true;
		});
		stranger.send(hello);
		await vi.advanceTimersByTimeAsync(999);
		expect(closed).toBe(false);
		await vi.advanceTimersByTimeAsync(1);
		expect(closed).toBe(true);
		expect(stranger.received).toContain("the connection was idle");
		expect(vi.getTimerCount()).toBe(0);
	});

	test("stays as long as a call is open", async () => {
		const stranger = new Stranger({ idleMs: 1_000, keepAliveMs: 100_000 });
		stranger.send(hello);
		stranger.send(bytes((writer) => requestAndCancel(writer, 1)).slice(0, -10));
		await vi.advanceTimersByTimeAsync(50_000);
		expect(stranger.received).not.toContain("idle");
		stranger.connection.close();
		await stranger.connection.closed;
		expect(vi.getTimerCount()).toBe(0);
	});
});

test("a message that is not UTF-8 fails its call, and no other on its connection", async () => {
	const stranger = new Stranger();
	const message = (text: string): number[] => [...new TextEncoder().encode(`{"text":"${text}"}`)];
	stranger.send(hello);
	stranger.send(
		bytes((writer) => {
			echo(
				writer,
				1,
				message("?").map((byte) => (byte === 0x3f ? 0xff : byte)),
			);
			echo(writer, 2, message("fine"));
		}),
	);
	await vi.waitFor(() => expect(stranger.received).toContain('{"text":"fine"}'));
	expect(stranger.received).toContain("the message is not UTF-8");
});

describe("a caller that gives no room for its replies", () => {
	const limits = { keepAliveMs: Number.POSITIVE_INFINITY };
	const large = new TextEncoder().encode(JSON.stringify({ text: "x".repeat(20_000) }));
	/** Takes nothing of any message until it says so. */
	const closed = bytes((writer) => {
		writer.preface();
		writer.frame(0, 0, 0, encodeSettings({ ...defaultFrameLimits, streamWindowBytes: 0 }));
	});

	function window(id: number, credit: number): Uint8Array {
		return bytes((writer) => writer.frame(7, 0, id, Uint8Array.of(0, 0, credit >> 8, credit & 255)));
	}

	beforeEach(() => {
		vi.useFakeTimers();
	});
	afterEach(() => {
		vi.useRealTimers();
	});

	test("gets an error in place of a reply of which it took nothing for a minute", async () => {
		const stranger = new Stranger(limits);
		stranger.send(closed);
		stranger.send(bytes((writer) => echo(writer, 1, [...large])));
		await vi.advanceTimersByTimeAsync(59_000);
		expect(stranger.received).not.toContain("reply_timeout");
		await vi.advanceTimersByTimeAsync(62_000);
		expect(stranger.received).toContain("reply_timeout");
	});

	test("is left its reply while it takes some of it now and then", async () => {
		const stranger = new Stranger(limits);
		stranger.send(closed);
		stranger.send(bytes((writer) => echo(writer, 1, [...large])));
		for (let taken = 0; taken < large.length; taken += 2_000) {
			await vi.advanceTimersByTimeAsync(50_000);
			stranger.send(window(1, 2_000));
		}
		await vi.advanceTimersByTimeAsync(1_000);
		expect(stranger.received).not.toContain("reply_timeout");
		expect(stranger.received.match(/x/g)?.length).toBeGreaterThanOrEqual(20_000);
	});

	test("has a bounded number held, whatever it asks for at once", async () => {
		const stranger = new Stranger({ ...limits, maxHeldReplyBytes: 10_000 });
		stranger.send(closed);
		stranger.send(
			bytes((writer) => {
				for (let id = 1; id < 30; id++) echo(writer, id, [...large]);
			}),
		);
		await vi.advanceTimersByTimeAsync(1_000);
		// Sixteen times the bound: seven replies, and the one that crosses it.
		expect(stranger.received.match(/has no room/g)).toHaveLength(29 - 8);
	});
});

import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import {
	type Client,
	Context,
	contract,
	createClient,
	isError,
	method,
	protoFormat,
	ResponseMetadata,
	stream,
} from "@allium/core";
import { fetchTransport } from "@allium/core/http";
import type { Listener } from "@allium/core/transport";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import * as z from "zod";
import { listen } from "../server/server.ts";
import { eachAtItsDeadline } from "./fixtures/hanging-call.ts";
import { Lab, type LabLog, openLab } from "./fixtures/lab.ts";
import { http } from "./http-transport.ts";

const background = Context.background();

async function collect<T>(messages: AsyncIterable<T>): Promise<T[]> {
	const all: T[] = [];
	for await (const message of messages) all.push(message);
	return all;
}

async function failure(promise: Promise<unknown>): Promise<unknown> {
	return promise.then(
		() => undefined,
		(error: unknown) => error,
	);
}

describe("calls by fetch", () => {
	let listener: Listener;
	let log: LabLog;
	let client: Client<typeof Lab>;

	beforeAll(async () => {
		const lab = openLab();
		log = lab.log;
		listener = await listen(lab.endpoints);
	});

	beforeEach(() => {
		Object.assign(log, { running: 0, flooded: 0, stopped: 0 });
		log.ended.length = 0;
		client = createClient(Lab, { url: String(listener.addresses[0]), transports: [fetchTransport()] });
	});

	afterEach(() => client[Symbol.asyncDispose]());
	afterAll(() => listener.close());

	test("bring one reply, or a stream of them", async () => {
		expect(await client.sum({ a: 1, b: 2 })).toEqual({ v: 3 });
		expect(await client.ping({})).toEqual({});
		expect(await collect(client.count({ upTo: 3 }))).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
	});

	test("speak protobuf where they are asked to, and read by GET", async () => {
		const sent: [method: string, url: string, type: string | null][] = [];
		const platformFetch = globalThis.fetch;
		const watched = vi.spyOn(globalThis, "fetch").mockImplementation((url, init) => {
			const headers = new Headers(init?.headers);
			sent.push([String(init?.method), new URL(String(url)).pathname, headers.get("content-type")]);
			return platformFetch(url, init);
		});
		const transport = fetchTransport({ format: protoFormat, get: true });
		await using binary = createClient(Lab, { url: String(listener.addresses[0]), transports: [transport] });
		expect(await binary.sum({ a: 1, b: 2 })).toEqual({ v: 3 });
		expect(await binary.echo({ text: "Grüße" })).toEqual({ text: "Grüße" });
		expect(await collect(binary.count({ upTo: 2 }))).toEqual([{ n: 1 }, { n: 2 }]);
		watched.mockRestore();
		expect(sent).toEqual([
			["GET", "/lab/sum", null],
			["POST", "/lab/echo", "application/proto"],
			["POST", "/lab/count", "application/connect+proto"],
		]);
	});

	test.each([
		["fetch", fetchTransport()],
		["HTTP", http()],
	])(
		"of a method that the server lacks were not executed, so that another instance may be tried: by %s",
		async (_, transport) => {
			const Younger = contract("lab", { added: method({}), watched: method({ output: stream(z.int()) }) });
			await using younger = createClient(Younger, {
				url: String(listener.addresses[0]),
				transports: [transport],
			});
			const refusal = { code: "unimplemented", notExecuted: true };
			expect(await failure(younger.added({}))).toMatchObject(refusal);
			expect(await failure(collect(younger.watched({})))).toMatchObject(refusal);
		},
	);

	test("bring metadata both ways", async () => {
		const received = new ResponseMetadata();
		const ctx = background.withMetadata({ "x-echo": "a", "x-echo-bin": Uint8Array.of(0, 255) });
		await client.echo({ text: "" }, ctx.withResponse(received));
		expect(received.headers.get("x-echo")).toBe("a");
		expect(received.headers.getBytes("x-echo-bin")).toEqual(Uint8Array.of(0, 255));
		expect(received.trailers.getBytes("x-trailer-bin")).toEqual(Uint8Array.of(1, 2, 255));
		await collect(client.count({ upTo: 1 }, background.withResponse(received)));
		expect(received.headers.get("x-head")).toBe("early");
		expect(received.trailers.get("x-trailer")).toBe("t1");
	});

	test("bring declared errors as they are", async () => {
		const error = await failure(client.sum({ a: 2 ** 31 - 1, b: 1 }));
		if (!isError(error, Lab.sum.error.int_overflow)) throw error;
		expect(error).toMatchObject({ message: "integer overflow", data: { max: 2 ** 31 - 1 }, domain: "lab" });
	});

	test("bring an error that ends a stream", async () => {
		const error = await failure(collect(client.count({ upTo: -1 })));
		expect(error).toMatchObject({ code: "out_of_range", reason: "negative", data: { upTo: -1 } });
	});

	test("take their deadline along, and end at it", async () => {
		const errors = await eachAtItsDeadline(log, (ms) => failure(client.hang({}, background.withTimeout(ms))));
		for (const error of errors) expect(error).toMatchObject({ code: "deadline_exceeded" });
	});

	test("are cancelled by their context", async () => {
		const { ctx, cancel } = background.withCancel();
		const call = failure(client.hang({}, ctx));
		await vi.waitFor(() => expect(log.running).toBe(1));
		cancel();
		expect(await call).toMatchObject({ code: "canceled" });
		await vi.waitFor(() => expect(log.ended).toEqual(["canceled"]));
	});

	test("are cancelled when their consumer breaks out", async () => {
		for await (const _ of client.flood({})) break;
		await vi.waitFor(() => expect(log.stopped).toBe(1));
	});

	test("hold the producer back while nobody takes its messages", async () => {
		const messages = client.flood({})[Symbol.asyncIterator]();
		await messages.next();
		let before = -1;
		await vi.waitFor(
			() => {
				const since = before;
				before = log.flooded;
				expect(log.flooded).toBe(since);
			},
			{ interval: 100, timeout: 10_000 },
		);
		await messages.return?.();
		await vi.waitFor(() => expect(log.stopped).toBe(1));
	});

	test("end with the client", async () => {
		const call = failure(client.hang({}));
		await vi.waitFor(() => expect(log.running).toBe(1));
		await client[Symbol.asyncDispose]();
		expect(await call).toMatchObject({ code: "unavailable" });
		await vi.waitFor(() => expect(log.ended).toEqual(["canceled"]));
	});

	test("cannot send a stream, and say what can", async () => {
		const error = await failure(client.total(collectNothing()));
		const url = String(listener.addresses[0]).replace("http", "ws");
		expect(error).toMatchObject({
			code: "unimplemented",
			message: `the input of lab/total is a stream, which fetch cannot send; use a WebSocket URL such as ${url}`,
		});
		expect(await failure(collect(client.chat(collectNothing())))).toMatchObject({ code: "unimplemented" });
	});

	test("refuse a reply beyond the bound", async () => {
		const transports = [fetchTransport({ maxMessageBytes: 100 })];
		await using small = createClient(Lab, { url: String(listener.addresses[0]), transports });
		const error = await failure(small.echo({ text: "x".repeat(200) }));
		expect(error).toMatchObject({ code: "resource_exhausted" });
	});
});

async function* collectNothing(): AsyncIterable<never> {}

describe("answers that are not from such a server", () => {
	let server: Server;
	let answer: (response: ServerResponse) => void;
	let client: Client<typeof Lab>;

	beforeEach(async () => {
		server = createServer((_, response) => answer(response));
		await new Promise<void>((resolve) => {
			server.listen(0, "127.0.0.1", resolve);
		});
		const { port } = server.address() as AddressInfo;
		const options = { transports: [fetchTransport()], middleware: [] };
		client = createClient(Lab, { url: `http://127.0.0.1:${port}/base/`, ...options });
	});

	afterEach(async () => {
		await client[Symbol.asyncDispose]();
		server.closeAllConnections();
		await new Promise((resolve) => server.close(resolve));
	});

	test("are errors by their status", async () => {
		answer = (response) => response.writeHead(503, { "retry-after": "2" }).end("<html>");
		expect(await failure(client.ping({}))).toMatchObject({ code: "unavailable", retryAfterMs: 2000 });
	});

	test("are errors when they are not JSON", async () => {
		answer = (response) => response.writeHead(200, { "content-type": "text/html" }).end("<html>");
		expect(await failure(client.ping({}))).toMatchObject({ code: "internal" });
	});

	test("are errors when a stream breaks off", async () => {
		answer = (response) => {
			response.writeHead(200, { "content-type": "application/connect+json" });
			response.write(Buffer.from([0, 0, 0, 0, 7, ...Buffer.from('{"n":1}')]));
			response.end();
		};
		const messages = client.count({ upTo: 1 })[Symbol.asyncIterator]();
		expect((await messages.next()).value).toEqual({ n: 1 });
		expect(await failure(messages.next())).toMatchObject({ code: "unavailable" });
	});

	test("that never come leave the call unavailable, perhaps executed", async () => {
		answer = (response) => response.destroy();
		const error = await failure(client.ping({}));
		expect(error).toMatchObject({ code: "unavailable", notExecuted: false });
		expect(String(error)).toMatch(/no answer from http:.*\/base\/lab\/ping/);
	});
});

test("a transport that only dials has nothing to listen with", () => {
	expect(fetchTransport()).not.toHaveProperty("listen");
});

test("an address that is none is refused in one sentence", () => {
	expect(() => fetchTransport().dial("allium://127.0.0.1:1")).toThrow("write it like https://example.org");
});

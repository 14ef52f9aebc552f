import type { Listener } from "@allium/core/transport";
import { readErrorDetails } from "@allium/core/transport";
import type { DescMessage, DescMethod, MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { compressionGzip, createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { listen } from "../server/server.ts";
import { eachAtItsDeadline } from "./fixtures/hanging-call.ts";
import { type LabLog, openLab } from "./fixtures/lab.ts";
import { LabProto } from "./fixtures/lab-proto.ts";

function find(name: string): DescMethod {
	const found = LabProto.methods.find((candidate) => candidate.name === name);
	if (found === undefined) throw new Error(`no method ${name}`);
	return found;
}

type Init = Record<string, unknown>;

async function* of<T>(...items: T[]): AsyncIterable<T> {
	yield* items;
}

/** Calls with the descriptor alone, as a client in another language does. */
class Caller {
	readonly transport: Transport;

	constructor(transport: Transport) {
		this.transport = transport;
	}

	async unary(
		name: string,
		input: Init,
		options: { timeoutMs?: number; headers?: Headers; signal?: AbortSignal } = {},
	) {
		const method = find(name) as DescMethod & { methodKind: "unary" };
		const { signal, timeoutMs, headers } = options;
		return this.transport.unary(method, signal, timeoutMs, headers, input as MessageInitShape<DescMessage>);
	}

	async stream(
		name: string,
		input: AsyncIterable<Init>,
		options: { timeoutMs?: number; headers?: Headers; signal?: AbortSignal } = {},
	) {
		const method = find(name) as DescMethod & { methodKind: "bidi_streaming" };
		const { signal, timeoutMs, headers } = options;
		const messages = input as AsyncIterable<MessageInitShape<DescMessage>>;
		return this.transport.stream(method, signal, timeoutMs, headers, messages);
	}
}

/** The fields of a message, without the additions of protobuf. */
function plain(message: object): Init {
	return Object.fromEntries(Object.entries(message).filter(([key]) => !key.startsWith("$")));
}

async function collect(messages: AsyncIterable<object>): Promise<Init[]> {
	const all: Init[] = [];
	for await (const message of messages) all.push(plain(message));
	return all;
}

async function failure(promise: Promise<unknown>): Promise<ConnectError> {
	const error = await promise.then(
		() => undefined,
		(reason: unknown) => reason,
	);
	if (!(error instanceof ConnectError)) throw new Error(`no ConnectError: ${String(error)}`);
	return error;
}

/** The details of an error as a Connect client received them. */
function details(error: ConnectError) {
	const incoming = error.details.filter((detail) => "type" in detail && "value" in detail);
	const wire = incoming.map(({ type, value }) => ({
		type,
		value: Buffer.from(value as Uint8Array).toString("base64"),
	}));
	return readErrorDetails(wire);
}

describe.each([
	["1.1", "JSON"],
	["1.1", "protobuf"],
	["2", "JSON"],
	["2", "protobuf"],
] as const)("a Connect client over HTTP/%s, in %s", (httpVersion, format) => {
	let listener: Listener;
	let log: LabLog;
	let client: Caller;
	let getClient: Caller;

	beforeAll(async () => {
		const lab = openLab();
		log = lab.log;
		listener = await listen(lab.endpoints);
		const options = {
			baseUrl: listener.addresses[0] as string,
			httpVersion,
			useBinaryFormat: format === "protobuf",
			jsonOptions: { alwaysEmitImplicit: true },
		};
		client = new Caller(createConnectTransport(options));
		getClient = new Caller(createConnectTransport({ ...options, useHttpGet: true }));
	});

	afterAll(() => listener.close());

	test("may compress the messages of a stream, and those of unary calls", async () => {
		const baseUrl = listener.addresses[0] as string;
		const compressing = new Caller(
			createConnectTransport({
				baseUrl,
				httpVersion,
				useBinaryFormat: format === "protobuf",
				sendCompression: compressionGzip,
				compressMinBytes: 0,
			}),
		);
		const answer = await compressing.stream("total", of({ n: 1 }, { n: 2 }));
		expect(await collect(answer.message)).toEqual([{ total: 3 }]);
		const { message } = await compressing.unary("sum", { a: 2, b: 3 });
		expect(plain(message)).toEqual({ v: 5 });
	});

	test("gets the reply of a unary call", async () => {
		const { message } = await client.unary("sum", { a: 2, b: 3 });
		expect(plain(message)).toEqual({ v: 5 });
	});

	test("sends implicit fields, and gets an empty reply", async () => {
		expect(plain((await client.unary("echo", {})).message)).toEqual({ text: "" });
		expect(plain((await client.unary("ping", {})).message)).toEqual({});
	});

	test("calls a read method with GET", async () => {
		expect(plain((await getClient.unary("sum", { a: 40, b: 2 })).message)).toEqual({ v: 42 });
		expect((await failure(getClient.unary("sum", {}))).code).toBe(Code.InvalidArgument);
	});

	test("exchanges headers and trailers, text and bytes", async () => {
		const headers = new Headers({ "x-echo": "hello", "x-echo-bin": "AQL/" });
		const reply = await client.unary("echo", { text: "Grüße" }, { headers });
		expect(plain(reply.message)).toEqual({ text: "Grüße" });
		expect(log.ctx?.metadata.getBytes("x-echo-bin")).toEqual(Uint8Array.of(1, 2, 255));
		expect(reply.header.get("x-echo")).toBe("hello");
		expect(reply.header.get("x-echo-bin")).toBe("AQL/");
		expect(reply.trailer.get("x-trailer")).toBe("t1, t2");
		expect(reply.trailer.get("x-trailer-bin")).toBe("AQL/");
	});

	test("gets a declared error with reason, domain and data", async () => {
		const error = await failure(client.unary("sum", { a: 2 ** 31 - 1, b: 1 }));
		expect(error.code).toBe(Code.OutOfRange);
		expect(error.rawMessage).toBe("integer overflow");
		expect(details(error)).toEqual({ reason: "int_overflow", domain: "lab", data: { max: 2 ** 31 - 1 } });
	});

	test("gets trailers and the time to wait with an error", async () => {
		const error = await failure(client.unary("busy", {}));
		expect(error.code).toBe(Code.Unavailable);
		expect(error.metadata.get("x-queue")).toBe("7");
		expect(error.metadata.get("retry-after")).toBe("2");
		expect(details(error).retryAfterMs).toBe(1500);
	});

	test("learns nothing of an undeclared error", async () => {
		const error = await failure(client.unary("crash", {}));
		expect(error.code).toBe(Code.Internal);
		expect(error.message).not.toContain("secret");
	});

	test("is told that a method is unknown", async () => {
		expect((await failure(client.unary("missing", {}))).code).toBe(Code.Unimplemented);
	});

	test("ends a call at its deadline, in the handler too", async () => {
		log.ended.length = 0;
		const errors = await eachAtItsDeadline(log, (timeoutMs) =>
			failure(client.unary("hang", {}, { timeoutMs })),
		);
		for (const { code } of errors) expect(code).toBe(Code.DeadlineExceeded);
	});

	test("cancels the handler by its signal", async () => {
		log.ended.length = 0;
		const controller = new AbortController();
		const call = failure(client.unary("hang", {}, { signal: controller.signal }));
		await vi.waitFor(() => expect(log.running).toBe(1));
		controller.abort();
		expect((await call).code).toBe(Code.Canceled);
		await vi.waitFor(() => expect(log.ended).toEqual(["canceled"]));
	});

	test("gets a server stream with headers and trailers", async () => {
		const reply = await client.stream("count", of({ upTo: 3 }));
		expect(reply.header.get("x-head")).toBe("early");
		expect(await collect(reply.message)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
		expect(reply.trailer.get("x-trailer")).toBe("t1");
	});

	test("gets the error that ends a stream", async () => {
		const reply = await client.stream("count", of({ upTo: -1 }));
		const error = await failure(collect(reply.message));
		expect(error.code).toBe(Code.OutOfRange);
		expect(details(error)).toEqual({ reason: "negative", domain: "lab", data: { upTo: -1 } });
	});

	test("gets the error that ends a stream of its own", async () => {
		const error = await failure(
			client.stream("total", of({ n: 2 ** 31 - 1 }, { n: -1 })).then((reply) => collect(reply.message)),
		);
		expect(error.code).toBe(Code.OutOfRange);
	});

	test("stops the producer by its signal", async () => {
		log.stopped = 0;
		const controller = new AbortController();
		const reply = await client.stream("flood", of({}), { signal: controller.signal });
		for await (const _ of reply.message) break;
		controller.abort();
		await vi.waitFor(() => expect(log.stopped).toBe(1));
	});

	test("sends a client stream", async () => {
		const reply = await client.stream("total", of({ n: 1 }, { n: 2 }, { n: 3 }));
		expect(await collect(reply.message)).toEqual([{ total: 6 }]);
	});

	test.runIf(httpVersion === "2")(
		"talks both ways at once (HTTP/2 alone: HTTP/1.1 sends first, then hears)",
		async () => {
			const heard = Promise.withResolvers<void>();
			async function* say(): AsyncIterable<Init> {
				yield { text: "hello" };
				await heard.promise;
				yield { text: "again" };
			}
			const reply = await client.stream("chat", say());
			const messages = reply.message[Symbol.asyncIterator]();
			expect(plain((await messages.next()).value)).toEqual({ text: "you said hello" });
			heard.resolve();
			expect(plain((await messages.next()).value)).toEqual({ text: "you said again" });
			expect((await messages.next()).done).toBe(true);
		},
	);
});

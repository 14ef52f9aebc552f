import { afterEach, describe, expect, test, vi } from "vitest";
import * as z from "zod";
import { createClient } from "../client/client.ts";
import type { BinaryCodec } from "../codec/codec.ts";
import type { Format } from "../codec/format.ts";
import { protoFormat } from "../codec/proto-format.ts";
import { Context } from "../context/context.ts";
import { contract } from "../contract/contract.ts";
import { isError } from "../contract/declared-error.ts";
import { method } from "../contract/method.ts";
import { stream } from "../contract/stream.ts";
import { Endpoints } from "../server/endpoints.ts";
import { packed } from "./fixtures/packed.ts";
import { checkFormats } from "./formats.ts";
import { FramesPeer } from "./frames-peer.ts";
import { memoryPipes } from "./memory-pipe.ts";
import { ServerConnection } from "./server-connection.ts";

const message = z.object({ text: z.string() });
const Echo = contract("echo", {
	unary: method({
		input: message,
		output: message,
		errors: { refused: { code: "aborted", message: "refused", data: z.object({ list: z.array(z.int()) }) } },
	}),
	server_stream: method({ input: message, output: stream(message) }),
	client_stream: method({ input: stream(message), output: message }),
	bidi_stream: method({ input: stream(message), output: stream(message) }),
});

function echo(): Endpoints {
	const endpoints = new Endpoints({ logger: { log() {} } });
	endpoints.serve(Echo, {
		async unary(input) {
			if (input.text === "refuse") throw Echo.unary.error.refused({ list: [1, 2] });
			return input;
		},
		async *server_stream({ text }) {
			yield { text };
			yield { text: `${text} again` };
		},
		async client_stream(input) {
			const texts: string[] = [];
			for await (const { text } of input) texts.push(text);
			return { text: texts.join() };
		},
		bidi_stream: (input) => input,
	});
	return endpoints;
}

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
	for (const end of cleanUp.splice(0)) await end();
});

/** A client and a server, each with its formats in addition to JSON. */
function connected(clientFormats: Format[], serverFormats: Format[], endpoints = echo()) {
	const peer = new FramesPeer(
		"memory://echo",
		async () => {
			const [near, far] = memoryPipes();
			new ServerConnection(far, endpoints, { formats: serverFormats });
			return near;
		},
		{ formats: clientFormats },
	);
	cleanUp.push(() => peer.close());
	const transport = {
		scheme: "memory",
		listen: () => Promise.reject(new Error("it only dials")),
		dial: () => peer,
	};
	return createClient(Echo, { url: "memory://echo", transports: [transport], middleware: [], attempt: [] });
}

async function* texts(...all: string[]): AsyncGenerator<{ text: string }> {
	for (const text of all) yield { text };
}

async function all(messages: AsyncIterable<{ text: string }>): Promise<string[]> {
	const found: string[] = [];
	for await (const { text } of messages) found.push(text);
	return found;
}

describe("a format that both sides have", () => {
	test("carries the messages of all four kinds, in both directions", async () => {
		const format = packed();
		const client = connected([format], [format]);
		expect(await client.unary({ text: "one" })).toEqual({ text: "one" });
		expect(await all(client.server_stream({ text: "two" }))).toEqual(["two", "two again"]);
		expect(await client.client_stream(texts("a", "b"))).toEqual({ text: "a,b" });
		expect(await all(client.bidi_stream(texts("c", "d")))).toEqual(["c", "d"]);
		expect(format).toMatchObject({ encoded: 2 + 3 + 3 + 4, decoded: 2 + 3 + 3 + 4 });
	});

	test("carries messages that go in fragments", async () => {
		const format = packed();
		const client = connected([format], [format]);
		const text = "ä".repeat(100_000);
		expect(await client.unary({ text })).toEqual({ text });
		expect(await all(client.bidi_stream(texts(text, text)))).toEqual([text, text]);
		expect(format.decoded).toBe(6);
	});

	test("carries no errors: these stay JSON", async () => {
		const format = packed();
		const client = connected([format], [format]);
		const error = await client.unary({ text: "refuse" }).catch((caught: unknown) => caught);
		expect(isError(error, Echo.unary.error.refused) && error.data.list).toEqual([1, 2]);
		expect(format).toMatchObject({ encoded: 1, decoded: 1 });
	});

	test("is used by calls that are made before the connection is there", async () => {
		const format = packed();
		const client = connected([format], [format]);
		await Promise.all(Array.from({ length: 10 }, (_, n) => client.unary({ text: `${n}` })));
		expect(format.encoded).toBe(20);
	});
});

describe("JSON is spoken", () => {
	test("where the server does not read the client's format", async () => {
		const format = packed();
		const client = connected([format], []);
		expect(await client.unary({ text: "one" })).toEqual({ text: "one" });
		expect(await all(client.bidi_stream(texts("c")))).toEqual(["c"]);
		expect(format).toMatchObject({ encoded: 0, decoded: 0 });
	});

	test("where the client has no other format", async () => {
		const format = packed();
		const client = connected([], [format]);
		expect(await client.unary({ text: "one" })).toEqual({ text: "one" });
		expect(format).toMatchObject({ encoded: 0, decoded: 0 });
	});

	test("where a method has no codecs in the format", async () => {
		const client = connected([protoFormat], [protoFormat]);
		expect(await client.unary({ text: "one" })).toEqual({ text: "one" });
	});
});

test("the first format that a method has and the server reads is used", async () => {
	const other: Format = { ...packed(), number: 3, name: "other", codec: () => undefined };
	const format = packed();
	const client = connected([other, format], [other, format]);
	await client.unary({ text: "one" });
	expect(format.encoded).toBe(2);
});

test("a call that waited for its connection is written in what the new server reads", async () => {
	const format = packed();
	let formats: Format[] = [format];
	const servers: ServerConnection[] = [];
	const peer = new FramesPeer(
		"memory://echo",
		async () => {
			const [near, far] = memoryPipes();
			servers.push(new ServerConnection(far, echo(), { formats }));
			return near;
		},
		{ formats: [format] },
	);
	cleanUp.push(() => peer.close());
	const call = peer.endpoint(Echo.unary);
	expect(await call({ text: "one" }, Context.background())).toEqual({ text: "one" });
	formats = [];
	await servers[0]?.drain();
	expect(await call({ text: "two" }, Context.background())).toEqual({ text: "two" });
	expect(format.decoded).toBe(2);
});

describe("a message that cannot be written or read", () => {
	/** A format whose codec fails as it is told. */
	function failing(): { format: Format; fail: Partial<BinaryCodec> } {
		const fail: Partial<BinaryCodec> = {};
		const { codec, ...format } = packed();
		const good = codec(undefined) as BinaryCodec;
		const own: BinaryCodec = {
			name: "packed",
			binary: true,
			encode: (value) => (fail.encode ?? good.encode)(value),
			decode: (bytes) => (fail.decode ?? good.decode)(bytes),
		};
		return { format: { ...format, codec: () => own }, fail };
	}

	test("fails its call alone at the client", async () => {
		const { format, fail } = failing();
		const client = connected([format], [packed()]);
		await client.unary({ text: "one" });
		fail.encode = () => {
			throw new TypeError("no such value");
		};
		await expect(client.unary({ text: "two" })).rejects.toThrow("no such value");
		await expect(client.client_stream(texts("two"))).rejects.toBeDefined();
		delete fail.encode;
		expect(await client.unary({ text: "three" })).toEqual({ text: "three" });
	});

	test("fails its call alone at the server", async () => {
		const { format, fail } = failing();
		const client = connected([packed()], [format]);
		fail.decode = () => {
			throw new TypeError("no such bytes");
		};
		await expect(client.unary({ text: "two" })).rejects.toBeDefined();
		await expect(client.client_stream(texts("two"))).rejects.toBeDefined();
		delete fail.decode;
		expect(await client.unary({ text: "three" })).toEqual({ text: "three" });
	});
});

test.each([
	["0", [{ ...packed(), number: 0 }], "frames carry 1 to 3"],
	["4", [{ ...packed(), number: 4 }], "frames carry 1 to 3"],
	["1.5", [{ ...packed(), number: 1.5 }], "frames carry 1 to 3"],
	["that two formats share", [packed(), { ...packed(), name: "twin" }], "packed and twin share the number 2"],
])("a format cannot have the number %s", (_, formats, why) => {
	expect(() => checkFormats(formats)).toThrow(RangeError);
	expect(() => new FramesPeer("memory://echo", vi.fn(), { formats })).toThrow(why);
});

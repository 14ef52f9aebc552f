import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import * as z from "zod";
import type { Format } from "../codec/format.ts";
import { Context } from "../context/context.ts";
import { contract } from "../contract/contract.ts";
import { isError } from "../contract/declared-error.ts";
import { method } from "../contract/method.ts";
import { stream } from "../contract/stream.ts";
import { Endpoints } from "../server/endpoints.ts";
import type { Pipe } from "../transport/pipe.ts";
import { packed } from "./fixtures/packed.ts";
import { FramesPeer } from "./frames-peer.ts";
import { memoryPipes } from "./memory-pipe.ts";
import { ServerConnection } from "./server-connection.ts";

/** The vectors of the specification, by name. */
const specification = readFileSync(new URL("../../../../docs/wire.md", import.meta.url), "utf8");
const vectors = new Map(
	[...specification.matchAll(/```vector ([a-z-]+)\n([^`]+)```/g)].map(([, name, hex]) => [
		name,
		(hex ?? "").replace(/\s/g, ""),
	]),
);

function vector(name: string): string {
	const hex = vectors.get(name);
	if (hex === undefined) throw new Error(`docs/wire.md has no vector "${name}"`);
	return hex;
}

const Add = contract("add", {
	sum: method({
		input: z.object({ a: z.int(), b: z.int() }),
		output: z.object({ v: z.int() }),
		errors: { two_zeroes: { code: "invalid_argument", message: "can't sum two zeroes" } },
	}),
	primes: method({ input: z.object({ upTo: z.int() }), output: stream(z.object({ prime: z.int() })) }),
});

/** The other end of a pipe, by hand: gathers what arrives as hex, and sends hex. */
class RawEnd {
	received = "";
	closed = false;
	readonly #pipe: Pipe;

	constructor(pipe: Pipe) {
		this.#pipe = pipe;
		pipe.start({
			data: (bytes) => {
				this.received += Buffer.from(bytes).toString("hex").toUpperCase();
			},
			drain() {},
			closed: () => {
				this.closed = true;
			},
		});
	}

	send(...hex: string[]): void {
		this.#pipe.write(Buffer.from(hex.join(""), "hex"));
	}

	/** Waits until these bytes have come, and forgets them. */
	async expect(...hex: string[]): Promise<void> {
		const wanted = hex.join("");
		await vi.waitFor(() => expect(this.received).toBe(wanted));
		this.received = "";
	}
}

const hello = () => [vector("preface"), vector("settings")];

test("every vector of the specification is used below", () => {
	const source = readFileSync(new URL(import.meta.url), "utf8");
	for (const name of vectors.keys()) expect(source).toContain(`vector("${name}")`);
	expect(vectors.size).toBeGreaterThan(10);
});

describe("the client's bytes", () => {
	let raw: RawEnd;
	let peer: FramesPeer;
	let dialled: Promise<void>;

	beforeEach(() => {
		// Deadlines cross the wire as remaining milliseconds: the clock stands still for exact bytes.
		vi.spyOn(performance, "now").mockReturnValue(0);
		const { promise, resolve } = Promise.withResolvers<void>();
		dialled = promise;
		peer = new FramesPeer("memory://raw", async () => {
			const [near, far] = memoryPipes();
			raw = new RawEnd(far);
			resolve();
			return near;
		});
	});

	afterEach(async () => {
		vi.restoreAllMocks();
		await peer.close();
	});

	test("are as specified for a unary call that succeeds", async () => {
		const ctx = Context.background().withTimeout(10_000).withMetadata({ "x-global-tenant": "acme" });
		const reply = peer.endpoint(Add.sum)({ a: 1, b: 2 }, ctx);
		await dialled;
		raw.send(...hello());
		await raw.expect(...hello(), vector("request"));
		raw.send(vector("response"));
		expect(await reply).toEqual({ v: 3 });
	});

	test("are as specified for a stream, its window and its cancellation", async () => {
		const background = Context.background();
		const failed = peer.endpoint(Add.sum)({ a: 0, b: 0 }, background);
		await dialled;
		raw.send(...hello());
		await vi.waitFor(() => expect(raw.received.length).toBeGreaterThan(vector("settings").length + 8));
		raw.received = "";
		raw.send(vector("error"));
		const error = await failed.catch((caught: unknown) => caught);
		expect(isError(error, Add.sum.error.two_zeroes)).toBe(true);

		const opened = peer.endpoint(Add.primes)({ upTo: 9 }, background);
		await raw.expect(vector("request-no-deadline"));
		raw.send("00000002 02 00 00000002 0000".replaceAll(" ", ""), vector("message"));
		const primes = ((await opened) as AsyncIterable<unknown>)[Symbol.asyncIterator]();
		expect(await primes.next()).toEqual({ done: false, value: { prime: 7 } });
		await primes.return?.();
		await raw.expect(vector("cancel"));
		raw.send(vector("ping"));
		await raw.expect(vector("pong"));
	});

	test("return a stream's credit when half its window was consumed", async () => {
		peer
			.endpoint(Add.sum)({ a: 1, b: 2 }, Context.background())
			.catch(() => "ends with the peer");
		await dialled;
		raw.send(...hello());
		await vi.waitFor(() => expect(raw.received).toContain("73756D"));
		const opened = peer.endpoint(Add.primes)({ upTo: 9 }, Context.background());
		await vi.waitFor(() => expect(raw.received).toContain(vector("request-no-deadline")));
		raw.received = "";
		const message = hexOf(`{"prime":7}${" ".repeat(16_384 - 11)}`);
		raw.send("00000002020000000002", "0000", ...Array(8).fill(`00004000030000000002${message}`));
		const primes = ((await opened) as AsyncIterable<unknown>)[Symbol.asyncIterator]();
		for (let count = 0; count < 7; count++) await primes.next();
		expect(raw.received).toBe("");
		await primes.next();
		await raw.expect(vector("window"));
	});

	test("end a stream that was not accepted before a GOAWAY as not executed", async () => {
		const calls = [1, 2, 3].map(() => peer.endpoint(Add.sum)({ a: 1, b: 2 }, Context.background()));
		await dialled;
		raw.send(...hello());
		await vi.waitFor(() => expect(raw.received.length).toBeGreaterThan(300));
		raw.send(vector("goaway"), vector("response"));
		expect(await calls[0]).toEqual({ v: 3 });
		await expect(calls[2]).rejects.toMatchObject({ code: "unavailable", notExecuted: true });
		raw.send(vector("response").replace("00000001", "00000002"));
		expect(await calls[1]).toEqual({ v: 3 });
		await vi.waitFor(() => expect(raw.closed).toBe(true));
	});
});

describe("the server's bytes", () => {
	let raw: RawEnd;
	let server: ServerConnection;

	beforeEach(async () => {
		const endpoints = new Endpoints();
		endpoints.serve(Add, {
			async sum({ a, b }) {
				if (a === 0 && b === 0) throw Add.sum.error.two_zeroes();
				return { v: a + b };
			},
			async *primes(_, ctx) {
				yield { prime: 7 };
				ctx.response.trailers.set("count", "4");
			},
		});
		const [near, far] = memoryPipes();
		server = new ServerConnection(near, endpoints);
		raw = new RawEnd(far);
		raw.send(...hello());
		await raw.expect(...hello());
	});

	afterEach(() => server.close());

	test("are as specified for a unary reply", async () => {
		raw.send(vector("request"));
		await raw.expect(vector("response"));
	});

	test("are as specified for a stream with trailers", async () => {
		raw.send(vector("request-no-deadline"));
		await raw.expect("00000002020000000002", "0000", vector("message"), vector("end"));
	});

	test("are as specified for a declared error", async () => {
		// The head as in the specification, without its metadata.
		raw.send("0000001C010500000001", "00002710", "00076164642F73756D", "0000", hexOf('{"a":0,"b":0}'));
		await raw.expect(vector("error"));
	});

	test("are as specified for a drain", async () => {
		raw.send(vector("request"), vector("request-no-deadline"));
		await vi.waitFor(() => expect(raw.received).toContain(vector("end")));
		raw.received = "";
		const drained = server.drain();
		await raw.expect(vector("goaway"));
		await drained;
		expect(raw.closed).toBe(true);
	});

	test("answer a PING at once", async () => {
		raw.send(vector("ping"));
		await raw.expect(vector("pong"));
	});
});

const packedHello = () => [vector("preface"), vector("settings-formats")];

describe("in MessagePack the bytes are as specified", () => {
	test("of the client, where the server reads it", async () => {
		vi.spyOn(performance, "now").mockReturnValue(0);
		const [near, far] = memoryPipes();
		const raw = new RawEnd(far);
		const peer = new FramesPeer("memory://raw", async () => near, { formats: [packed()] });
		const reply = peer.endpoint(Add.sum)({ a: 1, b: 2 }, Context.background().withTimeout(10_000));
		raw.send(...packedHello());
		await raw.expect(...packedHello(), vector("request-msgpack"));
		raw.send(vector("response-msgpack"));
		expect(await reply).toEqual({ v: 3 });
		vi.restoreAllMocks();
		await peer.close();
	});

	/** A server with its formats, and its other end by hand. */
	async function served(formats: Format[]): Promise<RawEnd> {
		const endpoints = new Endpoints();
		endpoints.serve(Add, {
			sum: async ({ a, b }) => ({ v: a + b }),
			async *primes() {
				yield { prime: 7 };
			},
		});
		const [near, far] = memoryPipes();
		const server = new ServerConnection(near, endpoints, { formats });
		onTestFinished(() => server.close());
		const raw = new RawEnd(far);
		raw.send(...hello());
		await raw.expect(...(formats.length === 0 ? hello() : packedHello()));
		return raw;
	}

	test("of the server", async () => {
		const raw = await served([packed()]);
		raw.send(vector("request-msgpack"));
		await raw.expect(vector("response-msgpack"));
	});

	test("of a server that does not read the format, which goes on", async () => {
		const raw = await served([]);
		raw.send(vector("request-unknown-format"));
		await raw.expect(vector("error-unknown-format"));
		raw.send(vector("request").replace("00000001", "00000002"));
		await raw.expect(vector("response").replace("00000001", "00000002"));
	});

	test("of a method that is not served: the method is missing, not the service", async () => {
		const raw = await served([]);
		raw.send("000000160135000000010000271000076164642F73756E000082A16101A16202");
		await vi.waitFor(() => expect(raw.received).toContain(hexOf("no_such_method")));
	});

	test("of a message that is malformed: its call fails, and the connection goes on", async () => {
		const raw = await served([packed()]);
		raw.send(vector("request-msgpack").replace("82A16101A16202", "C1C1C1C1C1C1C1"));
		await vi.waitFor(() => expect(raw.received).toMatch(/^.{8}05/));
		raw.received = "";
		raw.send(vector("request-msgpack").replace("00000001", "00000002"));
		await raw.expect(vector("response-msgpack").replace("00000001", "00000002"));
	});

	test("of a flag that is not known, which is ignored", async () => {
		const raw = await served([packed()]);
		raw.send(vector("request-msgpack").replace("0125", "0165"));
		await raw.expect(vector("response-msgpack"));
	});
});

function hexOf(content: string): string {
	return Buffer.from(content).toString("hex").toUpperCase();
}

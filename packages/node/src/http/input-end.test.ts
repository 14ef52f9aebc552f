import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from "node:http2";
import { type Client, Context, contract, createClient, Endpoints, method, stream } from "@allium/core";
import type { Listener } from "@allium/core/transport";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { writeEnvelope } from "./envelope.ts";
import { FrameTap } from "./fixtures/frame-tap.ts";
import { http } from "./http-transport.ts";

const row = z.object({ n: z.int() });
const Store = contract("store", {
	upload: method({ input: stream(row), output: z.object({ rows: z.int() }) }),
	sync: method({ input: stream(row), output: stream(row) }),
	set: method({ input: z.int(), output: z.object({ n: z.int() }) }),
});

/** The number of committed rows, for each commit. */
let committed: number[];
/** The handlers that have begun, and those that have ended. */
let begun: number;
let ended: number;
let listener: Listener;
let url: string;

async function commit(input: AsyncIterable<unknown>): Promise<number> {
	begun++;
	try {
		let rows = 0;
		for await (const _ of input) rows++;
		committed.push(rows);
		return rows;
	} finally {
		ended++;
	}
}

beforeEach(async () => {
	committed = [];
	begun = 0;
	ended = 0;
	const endpoints = new Endpoints();
	endpoints.serve(Store, {
		upload: async (input) => ({ rows: await commit(input) }),
		async *sync(input) {
			yield { n: 0 };
			yield { n: await commit(input) };
		},
		async set(n) {
			committed.push(n);
			return { n };
		},
	});
	listener = await http().listen(endpoints);
	url = String(listener.addresses.find((address) => address.startsWith("http:")));
});

afterEach(() => listener.close());

describe("a client made with node:http2", () => {
	let session: ClientHttp2Session;
	beforeEach(() => {
		session = connect(url);
	});
	afterEach(() => session.destroy());

	function request(path: string, type: string): ClientHttp2Stream {
		const request = session.request({ ":method": "POST", ":path": path, "content-type": type });
		request.on("error", () => {});
		return request.resume();
	}

	/** A client that has sent some rows. */
	async function uploading(path: string): Promise<ClientHttp2Stream> {
		const upload = request(path, "application/connect+json");
		const before = begun;
		for (let n = 0; n < 3; n++) upload.write(writeEnvelope(0, JSON.stringify({ n })));
		await vi.waitFor(() => expect(begun).toBe(before + 1), { interval: 1 });
		return upload;
	}

	// The number of bytes read between the end and the reset varies.
	test.each(["/store/upload", "/store/sync"])(
		"that resets %s, and sends the end of its body before, has committed nothing",
		async (path) => {
			for (let round = 1; round <= 50; round++) {
				const upload = await uploading(path);
				upload.close(constants.NGHTTP2_CANCEL);
				await vi.waitFor(() => expect(ended).toBe(round), { interval: 1 });
			}
			expect(committed).toEqual([]);
		},
	);

	test("that goes away has committed nothing", async () => {
		await uploading("/store/upload");
		session.destroy();
		await vi.waitFor(() => expect(ended).toBe(1));
		expect(committed).toEqual([]);
	});

	test("that ends its body has committed all, many at once", async () => {
		const uploads = await Promise.all(
			Array.from({ length: 50 }, () => request("/store/upload", "application/connect+json")),
		);
		for (const upload of uploads) upload.end(writeEnvelope(0, '{"n":1}'));
		await vi.waitFor(() => expect(committed).toEqual(Array(50).fill(1)));
	});

	test("that ends its body while the server drains has committed all", async () => {
		const upload = await uploading("/store/upload");
		const drained = listener.drain();
		upload.end();
		await drained;
		expect(committed).toEqual([3]);
	});

	test("that resets a call within its message has not made it", async () => {
		const call = request("/store/set", "application/json");
		call.write("12");
		await vi.waitFor(() => expect(call.pending).toBe(false));
		call.destroy();
		await new Promise((resolve) => call.once("close", resolve));
		// The bytes that follow on the connection are read after the reset.
		const next = request("/store/set", "application/json");
		next.end("7");
		await vi.waitFor(() => expect(committed).toContain(7));
		expect(committed).toEqual([7]);
	});
});

describe("our own client over HTTP/2", () => {
	let tap: FrameTap;
	let client: Client<typeof Store>;

	beforeEach(async () => {
		tap = await FrameTap.start(url);
		client = createClient(Store, { url: tap.url, transports: [http()], middleware: [], attempt: [] });
	});
	afterEach(async () => {
		await client[Symbol.asyncDispose]();
		await tap.close();
	});

	/** Rows, and then nothing until the promise rejects. */
	async function* rows(broken: Promise<never>): AsyncGenerator<{ n: number }> {
		for (let n = 0; n < 3; n++) yield { n };
		await broken;
	}

	test.each(["cancel", "deadline", "throw", "dispose", "break"] as const)(
		"resets a call that ends by %s, and never sends the end of its input",
		async (way) => {
			const input = Promise.withResolvers<never>();
			const { ctx, cancel } = Context.background().withCancel();
			const calling = way === "deadline" ? ctx.withTimeout(300) : ctx;
			const call = async (): Promise<void> => {
				for await (const _ of client.sync(rows(input.promise), calling)) {
					if (way === "cancel") cancel();
					if (way === "throw") input.reject(new Error("no more rows"));
					if (way === "dispose") await client[Symbol.asyncDispose]();
					if (way === "break") break;
				}
			};
			await call().catch(() => {});
			await vi.waitFor(() => expect(ended).toBe(1));
			expect(tap.frames).not.toContain("DATA END_STREAM");
			expect(committed).toEqual([]);
		},
	);

	test("sends the end of an input that is complete", async () => {
		async function* complete() {
			yield { n: 1 };
			yield { n: 2 };
		}
		const answers = await Array.fromAsync(client.sync(complete()));
		expect(answers).toEqual([{ n: 0 }, { n: 2 }]);
		expect(tap.frames).toContain("DATA END_STREAM");
	});
});

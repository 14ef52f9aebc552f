import { Agent, request as nodeRequest, type OutgoingHttpHeaders } from "node:http";
import fc from "fast-check";
import { type Dispatcher, Pool } from "undici";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Http1Reader } from "../http1-reader.ts";
import { type AnsweringServer, type AnswerPlan, answeringServer } from "./fixtures/answering-server.ts";
import { StrictReader } from "./strict-reader.ts";

let strict: AnsweringServer;
let node: AnsweringServer;

beforeAll(async () => {
	[strict, node] = await Promise.all([answeringServer(StrictReader), answeringServer(Http1Reader)]);
});

beforeEach(() => {
	for (const server of [strict, node]) {
		server.thrown = undefined;
		server.delivered.length = 0;
	}
});

afterAll(() => {
	strict.close();
	node.close();
});

/** An answer as a client has read it. */
interface ReadAnswer {
	readonly status: number;
	/** Sorted, without the date. */
	readonly headers: readonly string[];
	readonly body: string;
	readonly trailers: readonly string[];
}

type Client = (port: number, method: string, path: string) => Promise<ReadAnswer>;

function lines(raw: readonly string[]): string[] {
	const all: string[] = [];
	for (let index = 0; index < raw.length; index += 2) {
		const name = raw[index]?.toLowerCase();
		if (name !== "date") all.push(`${name}: ${raw[index + 1]}`);
	}
	return all.sort();
}

/** Node's client, with one connection per server. */
function nodeClient(): { ask: Client; close(): void } {
	const agent = new Agent({ keepAlive: true, maxSockets: 1 });
	const ask: Client = (port, method, path) =>
		new Promise((resolve, reject) => {
			const sent = nodeRequest({ port, host: "127.0.0.1", method, path, agent }, (response) => {
				const chunks: Buffer[] = [];
				response.on("data", (chunk) => chunks.push(chunk)).on("error", reject);
				response.on("end", () =>
					resolve({
						status: response.statusCode ?? 0,
						headers: lines(response.rawHeaders),
						body: Buffer.concat(chunks).toString("latin1"),
						trailers: lines(response.rawTrailers),
					}),
				);
			});
			sent.on("error", reject).end();
		});
	return { ask, close: () => agent.destroy() };
}

/** Undici, with one connection per server. */
function undiciClient(): { ask: Client; close(): void } {
	const pools = new Map<number, Pool>();
	const ask: Client = async (port, method, path) => {
		const pool = pools.get(port) ?? new Pool(`http://127.0.0.1:${port}`, { connections: 1 });
		pools.set(port, pool);
		const verb = method as Dispatcher.HttpMethod;
		const { statusCode, headers, body, trailers } = await pool.request({ method: verb, path });
		const chunks = [...new Uint8Array(await body.arrayBuffer())];
		return {
			status: statusCode,
			headers: lines(Object.entries(headers).flatMap(([name, value]) => [name, String(value)])),
			body: Buffer.from(chunks).toString("latin1"),
			trailers: lines(Object.entries(trailers).flatMap(([name, value]) => [name, String(value)])),
		};
	};
	return { ask, close: () => void Promise.all([...pools.values()].map((pool) => pool.destroy())) };
}

/** The answer that a client reads, and the answer after it. `broken` if it reads none. */
async function readBy(ask: Client, { port }: AnsweringServer, method: string): Promise<unknown[]> {
	const first = await ask(port, method, "/").catch(() => "broken");
	const { body } = await ask(port, "GET", "/next");
	return [first, body];
}

const text = fc.oneof(fc.string({ unit: "binary", maxLength: 40 }), fc.constant("x".repeat(20_000)));
const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
const value = fc.oneof(
	{ weight: 8, arbitrary: fc.stringMatching(/^[\x21-\x7e]{1,12}$/) },
	{
		weight: 1,
		arbitrary: fc.constantFrom("a b", "", "a\tb", "a\r\nb: c", "a\nb", "\u0000", "\u20ac"),
	},
	{ weight: 1, arbitrary: fc.constantFrom(7, ["a", "b"]) },
);
const name = fc.oneof(
	{ weight: 12, arbitrary: fc.stringMatching(/^x-[a-z]{1,6}$/) },
	{ weight: 1, arbitrary: fc.constantFrom("etag", "set-cookie", "Cookie", "bad name", "", "a:b", "\u00e9") },
	{ weight: 1, arbitrary: fc.constantFrom("keep-alive", "date", "trailer") },
);
const status = fc.oneof(
	{ weight: 8, arbitrary: fc.constantFrom(200, 201, 202, 204, 304, 400, 404, 500, 599, 299) },
	{ weight: 1, arbitrary: fc.constantFrom(0, 99, 1_000, -1, Number.NaN, 999) },
);
const plan: fc.Arbitrary<AnswerPlan> = fc
	.record({
		status,
		pairs: fc.array(fc.tuple(name, value), { maxLength: 3 }),
		closes: fc.nat(5),
		hasLength: fc.boolean(),
		parts: fc.array(bytes, { maxLength: 3 }),
		last: fc.oneof(fc.constant(undefined), text, bytes, fc.constant(Buffer.alloc(40_000, 1))),
		trailers: fc.option(
			fc.dictionary(fc.stringMatching(/^x-[a-z]{1,4}$/), fc.stringMatching(/^[a-z]{1,4}$/)),
			{
				nil: undefined,
			},
		),
		flushes: fc.boolean(),
		isSlow: fc.boolean(),
	})
	.map(({ pairs, closes, hasLength, ...rest }) => {
		const headers: OutgoingHttpHeaders = Object.fromEntries(pairs);
		if (closes === 0) headers.connection = "close";
		const sizes = [...rest.parts, rest.last ?? ""].map((part) => Buffer.byteLength(part));
		// RFC 9110, 8.6: an answer with 204 has no length, and Node sends one that it is given.
		if (hasLength && rest.status !== 204) {
			headers["content-length"] = sizes.reduce((sum, size) => sum + size, 0);
		}
		return { ...rest, headers };
	});

test("a value beyond ASCII leaves as latin1, whatever the body is", async () => {
	const { ask, close } = nodeClient();
	strict.plan = { ...strict.plan, headers: { "x-a": "\u00e9" }, last: "\u20ac" };
	expect(await ask(strict.port, "GET", "/")).toMatchObject({
		headers: expect.arrayContaining(["x-a: \u00e9"]),
		body: Buffer.from("\u20ac").toString("latin1"),
	});
	close();
});

describe("clients read an answer as they would read it from Node, and the next one behind it", () => {
	test.each([
		["Node's client", nodeClient],
		["undici", undiciClient],
	])("%s", async (_, open) => {
		const { ask, close } = open();
		const method = fc.constantFrom("GET", "HEAD", "POST");
		const property = fc.asyncProperty(method, plan, async (verb, given) => {
			strict.plan = node.plan = given;
			strict.thrown = node.thrown = undefined;
			const expected = await readBy(ask, node, verb);
			expect(await readBy(ask, strict, verb)).toEqual(expected);
			expect(strict.thrown === undefined).toBe(node.thrown === undefined);
		});
		await fc.assert(property, {
			seed: Number(process.env.ALLIUM_FUZZ_SEED ?? 2_026),
			numRuns: Number(process.env.ALLIUM_FUZZ_RUNS ?? 300),
		});
		close();
	});
});

import { request as http1 } from "node:http";
import {
	type Context,
	Context as Contexts,
	contract,
	type Endpoints,
	method,
	ServiceError,
} from "@allium/core";
import type { Peer } from "@allium/core/transport";
import * as v from "valibot";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { Lab } from "../http/fixtures/lab.ts";
import { http } from "../http/http-transport.ts";
import { frames } from "../pipe/frames-transport.ts";
import { type AttackedServer, openAttackedServer, post } from "./fixtures/attacked-server.ts";

const Vault = contract("vault", {
	zod: method({ input: z.looseObject({ a: z.int(), more: z.record(z.string(), z.json()).optional() }) }),
	valibot: method({
		input: v.looseObject({ a: v.number(), more: v.optional(v.record(v.string(), v.string())) }),
		meta: {},
	}),
	any: method({ input: z.object({ value: z.json() }), output: z.object({ value: z.json() }) }),
	answer: method({ input: z.object({ name: z.string(), value: z.string() }) }),
	fail: method({ input: z.object({ message: z.string() }) }),
});

let target: AttackedServer;
let received: Record<string, unknown>;
let context: Context;

function serve(endpoints: Endpoints): void {
	const take = async (input: Record<string, unknown>): Promise<void> => {
		received = input;
	};
	endpoints.serve(Vault, {
		zod: take,
		valibot: take,
		any: async ({ value }, ctx) => {
			context = ctx;
			return { value };
		},
		answer: async ({ name, value }, ctx) => {
			ctx.response.headers.append(name, value);
		},
		fail: async ({ message }) => {
			throw new ServiceError({ code: "failed_precondition", reason: "it_failed", message });
		},
	});
}

const peers: Peer[] = [];

beforeAll(async () => {
	target = await openAttackedServer({}, serve);
	peers.push(frames().dial(target.listener.addresses[0] as string), http().dial(target.url));
});

afterAll(async () => {
	expect(await target.neighbour()).toMatchObject({ status: 200 });
	await Promise.all(peers.map((peer) => peer.close()));
	await target.listener.close();
});

async function call(path: string, body: string): Promise<{ status: number; json: unknown }> {
	const headers = { "content-type": "application/json" };
	const response = await fetch(`${target.url}/${path}`, { method: "POST", headers, body });
	return { status: response.status, json: await response.json() };
}

describe("JSON that names the prototype", () => {
	test.each(["zod", "valibot"])("gives handlers no prototype of a stranger's: %s", async (library) => {
		const evil = '"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}';
		const body = `{"a":1,${evil},"more":{"x":"y","__proto__":{"admin":true}}}`;
		expect((await call(`vault/${library}`, body)).status).toBe(200);
		for (const object of [received, received.more as object]) {
			expect(Object.getPrototypeOf(object)).toBe(Object.prototype);
			expect(object).not.toHaveProperty("admin");
			expect(Object.assign({}, object)).not.toHaveProperty("admin");
		}
		expect({}).not.toHaveProperty("admin");
	});
});

describe("text", () => {
	const encoded = (text: string) => encodeURIComponent(JSON.stringify({ text }));

	test("may begin with a byte order mark, which is no part of it", async () => {
		expect(await call("lab/echo", '\ufeff{"text":"a"}')).toEqual({ status: 200, json: { text: "a" } });
	});

	test("that is not UTF-8 is refused in a body", async () => {
		const headers = { "content-type": "application/json" };
		const body = Buffer.from('{"text":"\xff"}', "latin1");
		const response = await fetch(`${target.url}/lab/echo`, { method: "POST", headers, body });
		expect(response.status).toBe(400);
		expect(await response.json()).toMatchObject({ message: "the message is not UTF-8" });
	});

	test("may have the character that stands for bytes that are not UTF-8", async () => {
		const text = "a \ufffd b";
		expect(await call("lab/echo", JSON.stringify({ text }))).toEqual({ status: 200, json: { text } });
	});

	test("that is not UTF-8 is refused in a query", async () => {
		const get = (message: string) => fetch(`${target.url}/lab/sum?encoding=json&message=${message}`);
		const text = encoded("a").replace("a", "%FF");
		const response = await get(text);
		expect(response.status).toBe(400);
		expect(await response.json()).toMatchObject({
			message: expect.stringMatching(/^the query is not UTF-8: /),
		});
	});
});

describe("JSON out of all proportion", () => {
	const depth = 100_000;
	const deep = "[".repeat(depth) + "]".repeat(depth);

	test.each([
		["where nothing of it is wanted", "lab/sum", `{"a":1,"b":2,"c":${deep}}`, 200],
		["in place of a text", "lab/echo", `{"text":${deep}}`, 400],
		["in place of an object", "lab/echo", deep, 400],
		["that does not close", "lab/echo", "[".repeat(depth), 400],
		["of objects", "lab/echo", '{"text":'.repeat(depth), 400],
	])("ends its own call, 100,000 levels deep: %s", async (_, path, body, status) => {
		expect((await call(path, body)).status).toBe(status);
	});

	test("ends its own call where any JSON is taken", async () => {
		const { status, json } = await call("vault/any", `{"value":${deep}}`);
		expect(status).toBeGreaterThanOrEqual(400);
		expect(JSON.stringify(json)).not.toContain("call stack");
	});

	test("counts the last of members that are given twice, on every protocol and for every reader", async () => {
		expect((await call("lab/sum", '{"a":1,"a":5,"b":2,"\\u0061":7}')).json).toEqual({ v: 9 });
	});

	test.each([
		["a number beyond all", '{"a":1e999,"b":2}'],
		["a number that is not whole", '{"a":1.5,"b":2}'],
		["a text that is half a character", '{"text":"\\ud800"}'],
		["NaN", '{"a":NaN,"b":2}'],
		["a mark of byte order", '\ufeff{"a":1,"b":2}'],
		["nothing", ""],
		["a zero byte", "\0"],
	])("is invalid or taken, but no failure of the server: %s", async (_, body) => {
		for (const path of ["lab/sum", "lab/echo"]) expect((await call(path, body)).status).toBeLessThan(500);
	});
});

describe("metadata that would break out of its header", () => {
	const evil = ["a\r\nset-cookie: x=1", "a\nb", "a\rb", "a\0b", " a", "ünïcode", "\u2028"];
	const names = ["x\r\ny", "x: y", "x y", "X-Upper", "", "x\0", "__proto__ ", "é", ":path"];

	test("does not leave a client", () => {
		for (const value of evil) {
			expect(() => Contexts.background().withMetadata({ "x-a": value })).toThrow(/printable ASCII/);
		}
		for (const name of names) {
			expect(() => Contexts.background().withMetadata({ [name]: "a" })).toThrow(/metadata name/);
		}
	});

	test("does not leave a server", async () => {
		const attempts = [
			...evil.map((value) => ({ name: "x-a", value })),
			...names.map((name) => ({ name, value: "a" })),
		];
		for (const peer of peers) {
			for (const attempt of attempts) {
				const answer = peer.endpoint(Vault.answer)(attempt, Contexts.background());
				await expect(answer).rejects.toMatchObject({ reason: "invalid_metadata" });
			}
		}
	});

	test("cannot take the place of the protocol's own headers", async () => {
		for (const name of ["content-length", "transfer-encoding", "connection", "content-type", "connect-x"]) {
			const { status, json } = await call("vault/answer", JSON.stringify({ name, value: "99" }));
			expect({ status, json }).toEqual({ status: 200, json: {} });
		}
	});

	test("does not break out of the message of an error", async () => {
		const message = "it failed\r\nset-cookie: x=1\r\n\r\n<script>";
		const body = JSON.stringify({ message });
		const answer = await target.raw(post("/vault/fail", body, "connection: close"));
		const [head] = answer.split("\r\n\r\n");
		expect(head).not.toContain("set-cookie");
		expect(answer.match(/\r\n\r\n/g)).toHaveLength(1);
	});

	test("is not metadata when it arrives over HTTP: a value that is not plain ASCII is passed over", async () => {
		const request = http1(`${target.url}/vault/any`, {
			method: "POST",
			headers: {
				"content-type": "application/json",
				"x-latin": "caf\u00e9",
				"x-plain": "coffee",
				"x_a!": "b",
			},
		});
		request.end('{"value":1}');
		const status = await new Promise((resolve) =>
			request.on("response", (response) => resolve(response.resume().statusCode)),
		);
		expect(status).toBe(200);
		expect(context.metadata.get("x-plain")).toBe("coffee");
		expect([...context.metadata].map(([name]) => name)).not.toContain("x-latin");
		expect([...context.metadata].map(([name]) => name)).not.toContain("x_a!");
	});

	test("ends the connection when it arrives over frames", async () => {
		const entry = (name: string, value: string): number[] => [
			name.length,
			...Buffer.from(name),
			value.length >> 8,
			value.length & 0xff,
			...Buffer.from(value),
		];
		for (const bad of [entry("x-a", "a\r\nb"), entry("x\r\ny", "a"), entry("", "a")]) {
			const path = Buffer.from("lab/ping");
			const payload = [255, 255, 255, 255, 0, path.length, ...path, 0, bad.length, ...bad, 0x7b, 0x7d];
			const head = Buffer.alloc(10);
			head.writeUInt32BE(payload.length);
			head.set([1, 5, 0, 0, 0, 1], 4);
			const hello = Buffer.from([0xa1, 0x6c, 0x6d, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
			expect(await target.raw(hello, head, Buffer.from(payload))).toContain("metadata");
		}
	});
});

test("the names of services and methods are only names", async () => {
	for (const path of ["constructor/name", "__proto__/x", "lab/hasOwnProperty", "toString/call"]) {
		expect((await call(path, "{}")).status).toBe(404);
	}
	for (const peer of peers) {
		const { path: _, ...rest } = Lab.ping;
		const odd = { ...rest, path: "../../lab/ping" };
		const answer = peer.endpoint(odd as typeof Lab.ping)({}, Contexts.background());
		await expect(answer).rejects.toMatchObject({ code: "unimplemented" });
	}
});

import { request } from "node:http";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { contract, Endpoints, method } from "@allium/core";
import { post, routes } from "@allium/core/http";
import type { Listener } from "@allium/core/transport";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { listen } from "../server/server.ts";

const maxBytes = 100_000;

const Echo = contract("echo", {
	say: method({ input: z.object({ text: z.string() }), output: z.object({ length: z.int() }) }),
});

let listener: Listener;

beforeAll(async () => {
	const endpoints = new Endpoints();
	const say = async ({ text }: { text: string }) => ({ length: text.length });
	endpoints.serve(Echo, { say }, { routes: routes(Echo, { say: post("/said") }) });
	listener = await listen(endpoints, { limits: { messageBytes: maxBytes } });
});

afterAll(() => listener.close());

/** Posts a body in an encoding, in parts when the body must arrive after its head. */
function send(path: string, encoding: string, ...parts: Uint8Array[]) {
	return new Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: string }>(
		(resolve, reject) => {
			const headers = { "content-type": "application/json", "content-encoding": encoding };
			const sent = request(`${listener.addresses[0]}${path}`, { method: "POST", headers }, (answer) => {
				let body = "";
				answer.setEncoding("utf8").on("data", (text) => {
					body += text;
				});
				answer.on("end", () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body }));
			});
			sent.on("error", reject);
			const [first, ...rest] = parts;
			sent.write(first);
			setImmediate(() => {
				for (const part of rest) sent.write(part);
				sent.end();
			});
		},
	);
}

const json = JSON.stringify({ text: "long ".repeat(1_000) });
const bomb = JSON.stringify({ text: "0".repeat(10_000_000) });

describe.each(["/echo/say", "/said"])("a body for %s", (path) => {
	test.each([
		["gzip", gzipSync(json)],
		["x-gzip", gzipSync(json)],
		["GZIP", gzipSync(json)],
		["deflate", deflateSync(json)],
		["br", brotliCompressSync(json)],
		["identity", Buffer.from(json)],
	])("is read as %s, be it at once or in parts", async (encoding, bytes) => {
		const whole = await send(path, encoding, bytes);
		expect(whole).toMatchObject({ status: 200, body: '{"length":5000}' });
		const parts = await send(path, encoding, bytes.subarray(0, 10), bytes.subarray(10));
		expect(parts).toMatchObject({ status: 200, body: '{"length":5000}' });
	});

	test.each([
		["gzip", gzipSync(bomb)],
		["deflate", deflateSync(bomb)],
		["br", brotliCompressSync(bomb)],
	])("is bounded by what comes out of %s", async (encoding, bytes) => {
		expect(bytes.length).toBeLessThan(maxBytes);
		const { status, body } = await send(path, encoding, bytes);
		expect(status).toBe(429);
		expect(JSON.parse(body)).toMatchObject({ code: "resource_exhausted" });
	});

	test("is told when it is not what its encoding says", async () => {
		const { status, body } = await send(path, "gzip", Buffer.from(json));
		expect(status).toBe(400);
		expect(body).toContain('the body is not what its encoding \\"gzip\\" says');
		expect((await send(path, "gzip", gzipSync(json).subarray(0, 30))).status).toBe(400);
	});

	test.each(["zstd", "compress", "gzip, br"])(
		"is refused as %s, with the codings that are read",
		async (encoding) => {
			const { status, headers, body } = await send(path, encoding, Buffer.from(json));
			expect(status).toBe(415);
			expect(headers["accept-encoding"]).toBe("gzip, deflate, br");
			expect(JSON.parse(body)).toMatchObject({ code: "unimplemented" });
		},
	);
});
